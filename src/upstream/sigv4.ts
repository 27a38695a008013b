import { RequestSigner } from 'aws4';
import type { AwsCredential } from '../providers/provider.ts';

export interface SignedRequest {
  readonly method: string;
  /** `https://host` or `https://host:port`. */
  readonly origin: string;
  /** As it goes on the wire. */
  readonly path: string;
  /** Flat name, value list. */
  readonly headers: readonly string[];
  /** The exact bytes of the body. */
  readonly body: Buffer;
}

const SERVICE = 'bedrock';

/**
 * The headers with the signature of this very request (AWS Signature Version 4, "Create a signed AWS API request"):
 * nothing of it may change afterwards.
 * @param nowMs milliseconds since the epoch; AWS refuses a signature that is more than five minutes off
 */
export function signedHeaders(
  request: SignedRequest,
  credential: AwsCredential,
  nowMs: number,
): readonly string[] {
  const { method, origin, path, body } = request;
  const { region, accessKeyId, secretAccessKey, sessionToken } = credential;
  const added = ['x-amz-date', amzDate(nowMs)];
  if (sessionToken !== null) added.push('x-amz-security-token', sessionToken);
  const headers = toSign(origin, [...request.headers, ...added]);
  const signer = new RequestSigner(
    { method, path, headers, body, service: SERVICE, region, doNotModifyHeaders: true },
    { accessKeyId, secretAccessKey },
  );
  signer.prepareRequest();
  signer.datetime = headers['x-amz-date'] ?? '';
  return [...request.headers, ...added, 'authorization', signer.authHeader()];
}

/** What must be signed; anything else a proxy between may change. */
function toSign(origin: string, list: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = { host: origin.slice(origin.indexOf('//') + 2) };
  for (let at = 0; at + 1 < list.length; at += 2) {
    const name = (list[at] ?? '').toLowerCase();
    if (name === 'content-type' || name.startsWith('x-amz-')) headers[name] = list[at + 1] ?? '';
  }
  return headers;
}

/** `20260131T120000Z` */
function amzDate(nowMs: number): string {
  return new Date(nowMs).toISOString().replace(/[:-]|\.\d{3}/g, '');
}
