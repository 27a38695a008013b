import { z } from 'zod';
import type { AwsCredential } from '../providers/provider.ts';

const stored = z.strictObject({
  aws: z.strictObject({
    region: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
    sessionToken: z.string().nullable(),
  }),
});

const MARK = '{"aws":';

/** What is kept, encrypted, in a credential's place: JSON text, always the same for the same credential. */
export function awsSecret({ region, accessKeyId, secretAccessKey, sessionToken }: AwsCredential): string {
  return JSON.stringify({ aws: { region, accessKeyId, secretAccessKey, sessionToken } });
}

/** The other way; null for a credential of another kind, which is a key. */
export function readAwsSecret(secret: string | null): AwsCredential | null {
  if (secret?.startsWith(MARK) !== true) return null;
  try {
    return stored.parse(JSON.parse(secret)).aws;
  } catch {
    return null;
  }
}

/** Bedrock's address in a region (AWS General Reference, "Amazon Bedrock endpoints and quotas"). */
export function bedrockUrl(region: string): string {
  return `https://bedrock-runtime.${region}.amazonaws.com`;
}
