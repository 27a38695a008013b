import { createHash, createHmac } from 'node:crypto';

/** A signed request as it came over the wire. */
export interface SignedWire {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();
const encode = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/**
 * The signature that AWS would expect for this request, worked out from its description ("Create a signed AWS API
 * request") and from nothing of the program; and the one that was sent.
 */
export function signaturesOf({ method, path, headers, body }: SignedWire, secretAccessKey: string) {
  const authorization = headers['authorization'] ?? '';
  const [, accessKeyId = '', date = '', region = '', service = '', signed = '', sent = ''] =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? [];
  const [pathname = '', query = ''] = path.split('?');
  const canonicalRequest = [
    method,
    // The path is already encoded; every service but S3 encodes it once more.
    pathname.split('/').map(encode).join('/'),
    query
      .split('&')
      .filter((pair) => pair !== '')
      .map((pair) =>
        pair
          .split('=')
          .map((part) => encode(decodeURIComponent(part)))
          .join('='),
      )
      .sort()
      .join('&'),
    ...signed.split(';').map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    signed,
    sha256(body),
  ].join('\n');
  const scope = `${date}/${region}/${service}/aws4_request`;
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonicalRequest)].join('\n');
  const key = [region, service, 'aws4_request'].reduce(
    (last: Buffer, part) => hmac(last, part),
    hmac(`AWS4${secretAccessKey}`, date),
  );
  const expected = createHmac('sha256', key).update(toSign).digest('hex');
  return { accessKeyId, region, service, signedHeaders: signed.split(';'), sent, expected };
}
