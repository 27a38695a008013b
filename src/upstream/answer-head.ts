import type { IncomingHttpHeaders } from 'node:http';

/** Requests ask for `identity`; what comes compressed nevertheless cannot be read (RFC 9110, 8.4). */
export function isEncoded(headers: IncomingHttpHeaders): boolean {
  const encoding = headers['content-encoding'];
  return encoding !== undefined && encoding !== '' && !/^identity$/i.test(encoding);
}

const REQUEST_ID_HEADERS = ['x-request-id', 'request-id', 'x-amzn-requestid', 'x-goog-request-id'];

/** What the provider's support asks for; null where there is none that can be kept. */
export function requestIdOf(headers: IncomingHttpHeaders): string | null {
  for (const name of REQUEST_ID_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string' && /^[\x21-\x7e]{1,128}$/.test(value)) return value;
  }
  return null;
}
