import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';

export interface CertificateOptions {
  /** DNS names it is valid for. */
  readonly names?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Who signs it; itself if absent. */
  readonly issuer?: Certificate;
  readonly isAuthority?: boolean;
}

/** Certificate and private key in PEM, as `node:tls` takes them. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
  readonly commonName: string;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** One DER value (X.690, section 8.1): tag, length, content. */
function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const size = Buffer.from(content.length.toString(16).padStart(4, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length]), size, content]);
}

const sequence = (...parts: readonly Buffer[]) => der(0x30, ...parts);
const objectId = (...bytes: readonly number[]) => der(0x06, Buffer.from(bytes));
const bitString = (content: Buffer) => der(0x03, Buffer.from([0]), content);

const ECDSA_WITH_SHA256 = sequence(objectId(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
const COMMON_NAME = objectId(0x55, 0x04, 0x03);
const SUBJECT_ALT_NAME = objectId(0x55, 0x1d, 0x11);
const BASIC_CONSTRAINTS = objectId(0x55, 0x1d, 0x13);
const TRUE = der(0x01, Buffer.from([0xff]));

const distinguishedName = (commonName: string) =>
  sequence(der(0x31, sequence(COMMON_NAME, der(0x0c, Buffer.from(commonName)))));

/** GeneralizedTime, e.g. 20260101000000Z. */
const time = (at: Date) => der(0x18, Buffer.from(`${at.toISOString().replace(/\D/g, '').slice(0, 14)}Z`));

function extensions(names: readonly string[], isAuthority: boolean): Buffer {
  const altNames = sequence(...names.map((name) => der(0x82, Buffer.from(name))));
  const list = [sequence(BASIC_CONSTRAINTS, TRUE, der(0x04, isAuthority ? sequence(TRUE) : sequence()))];
  if (names.length > 0) list.push(sequence(SUBJECT_ALT_NAME, der(0x04, altNames)));
  return der(0xa3, sequence(...list));
}

function signingKey(options: CertificateOptions, own: KeyObject): KeyObject {
  return options.issuer === undefined ? own : createPrivateKey(options.issuer.key);
}

/** An X.509 certificate (RFC 5280) with a new P-256 key, good for servers in tests and for nothing else. */
export function createCertificate(options: CertificateOptions = {}): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { names = ['localhost'], isAuthority = false } = options;
  const commonName = isAuthority ? `authority ${randomBytes(4).toString('hex')}` : (names[0] ?? 'nobody');
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    distinguishedName(options.issuer?.commonName ?? commonName),
    sequence(
      time(options.notBefore ?? new Date(Date.now() - DAY_MS)),
      time(options.notAfter ?? new Date(Date.now() + DAY_MS)),
    ),
    distinguishedName(commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    extensions(names, isAuthority),
  );
  const signature = sign('sha256', toBeSigned, signingKey(options, privateKey));
  const certificate = sequence(toBeSigned, ECDSA_WITH_SHA256, bitString(signature));
  const base64 = certificate.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    commonName,
  };
}
