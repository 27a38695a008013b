import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';

/** NIST SP 800-38D: 96-bit nonce, 128-bit tag. Random nonces are safe for 2^32 messages of one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Authenticated encryption with one key. */
export interface Cipher {
  /** Names the key without telling anything of it; kept beside what it sealed. */
  readonly keyId: string;
  /** Base64url of nonce, tag and ciphertext. `context` is not kept, but must be the same to open. */
  seal(clear: string, context: string): string;
  /** Null when it was sealed with another key or for another context, or is damaged. */
  open(sealed: string, context: string): string | null;
}

/** AES-256-GCM with a key derived (HKDF, RFC 5869) from the 32 bytes of the master key for this purpose alone. */
export function createCipher(masterKey: Buffer, purpose: 'credentials' | 'snapshot'): Cipher {
  const key = Buffer.from(hkdfSync('sha256', masterKey, '', `sluice ${purpose}`, 32));
  return {
    keyId: createHash('sha256').update('sluice key id').update(key).digest('hex').slice(0, 16),
    seal(clear, context) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(clear, 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url');
    },
    open(sealed, context) {
      const bytes = Buffer.from(sealed, 'base64url');
      if (bytes.length < NONCE_BYTES + TAG_BYTES) return null;
      const nonce = bytes.subarray(0, NONCE_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(context));
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      const body = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
      try {
        return Buffer.concat([body, decipher.final()]).toString('utf8');
      } catch {
        return null;
      }
    },
  };
}

export interface CredentialOwner {
  readonly id: string;
  readonly tenantId: string | null;
  /** Null where the address is known only at run time (demo). */
  readonly baseUrl: string | null;
}

/**
 * What a stored credential is bound to. A row whose tenant or origin was changed behind the program's back
 * no longer opens, so that the credential cannot be sent to an address it was not registered for.
 */
export function credentialContext(owner: CredentialOwner): string {
  const origin = owner.baseUrl === null ? '' : new URL(owner.baseUrl).origin;
  return `${owner.tenantId ?? 'operator'} ${owner.id} ${origin}`;
}
