import { describe, expect, it } from 'vitest';
import type { AwsCredential } from '../../../src/providers/provider.ts';
import { signedHeaders } from '../../../src/upstream/sigv4.ts';
import { signaturesOf } from '../../support/sigv4.ts';

const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const CREDENTIAL: AwsCredential = {
  region: 'eu-central-1',
  accessKeyId: 'AKIDEXAMPLE00000',
  secretAccessKey: SECRET,
  sessionToken: null,
};
const AT = Date.UTC(2015, 7, 30, 12, 36, 0, 789);
const BASE = ['content-type', 'application/json', 'accept-encoding', 'identity', 'user-agent', 'sluice'];

function sign(path: string, body: string, credential = CREDENTIAL, origin = 'https://bedrock.example:8443') {
  const bytes = Buffer.from(body);
  const list = signedHeaders({ method: 'POST', origin, path, headers: BASE, body: bytes }, credential, AT);
  const headers: Record<string, string> = { host: origin.slice(origin.indexOf('//') + 2) };
  for (let at = 0; at < list.length; at += 2) headers[list[at] ?? ''] = list[at + 1] ?? '';
  return {
    list,
    headers,
    check: (more = {}) => signaturesOf({ method: 'POST', path, headers, body: bytes, ...more }, SECRET),
  };
}

describe('the check that these tests use', () => {
  it('gives the signature of the example in AWS’ documentation', () => {
    const headers = {
      authorization:
        'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      host: 'iam.amazonaws.com',
      'x-amz-date': '20150830T123600Z',
    };
    const path = '/?Action=ListUsers&Version=2010-05-08';
    const { sent, expected } = signaturesOf({ method: 'GET', path, headers, body: Buffer.alloc(0) }, SECRET);
    expect(expected).toBe(sent);
  });
});

describe('signing requests to AWS', () => {
  it('trap 131 proves method, path, host, time, type and the exact bytes', () => {
    const { headers, check } = sign('/model/amazon.nova-lite-v1%3A0/converse', '{"messages":[]}');
    const { sent, expected, ...rest } = check();
    expect(sent).toBe(expected);
    expect(rest).toEqual({
      accessKeyId: CREDENTIAL.accessKeyId,
      region: 'eu-central-1',
      service: 'bedrock',
      signedHeaders: ['content-type', 'host', 'x-amz-date'],
    });
    expect(headers['x-amz-date']).toBe('20150830T123600Z');
    expect(check({ body: Buffer.from('{"messages":[ ]}') }).expected).not.toBe(sent);
    expect(check({ path: '/model/other/converse' }).expected).not.toBe(sent);
    expect(check({ headers: { ...headers, host: 'elsewhere' } }).expected).not.toBe(sent);
  });

  it.each([
    '/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse-stream',
    '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.x/converse',
    "/prefix/model/odd!'()*~name%20here/converse",
    '/model/%2E%2E/converse',
    '/model/%C3%BC%25/converse',
  ])('trap 128 signs the path as it goes over the wire: %s', (path) => {
    const { sent, expected } = sign(path, '{}').check();
    expect(sent).toBe(expected);
  });

  it('signs the token of a session', () => {
    const { headers, check } = sign('/model/m/converse', '{}', { ...CREDENTIAL, sessionToken: 'token/+==' });
    expect(headers['x-amz-security-token']).toBe('token/+==');
    const { sent, expected, signedHeaders: names } = check();
    expect(sent).toBe(expected);
    expect(names).toContain('x-amz-security-token');
  });

  it('leaves the other headers as they are, and tells nothing of the secret', () => {
    const { list } = sign('/model/m/converse', '{}');
    expect(list.slice(0, BASE.length)).toEqual(BASE);
    expect(list.filter((_, at) => at % 2 === 0)).toEqual([
      'content-type',
      'accept-encoding',
      'user-agent',
      'x-amz-date',
      'authorization',
    ]);
    expect(list.join(' ')).not.toContain(SECRET);
  });

  it('gives the same signature for the same request at the same time', () => {
    expect(sign('/model/m/converse', '{}').list).toEqual(sign('/model/m/converse', '{}').list);
  });
});
