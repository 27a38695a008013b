import type { Span } from '../protocols/json-scan.ts';

/** What the headers of a part say. */
export interface PartHead {
  readonly name: string;
  /** Where its file name stands, in each form of it (RFC 7578, 4.2), without quotes; none for a plain field. */
  readonly fileNames: readonly Span[];
}

/** Names of real forms; anything else could be unescaped in more than one way. */
const NAME = /^[\w.:[\]-]{1,200}$/;

/**
 * Reads the headers of a part that stand at `span`. Returns what is wrong with them as the end of a sentence.
 * Read as latin1, so that offsets in the text are those of the bytes.
 */
export function readPartHead(bytes: Buffer, span: Span): PartHead | string {
  const text = bytes.toString('latin1', span.start, span.end);
  let head: PartHead | string | null = null;
  let at = span.start;
  for (const line of text.split('\r\n')) {
    if (!/^[!#$%&'*+.^`|~\w-]+:/.test(line) || /[\r\n\0]/.test(line))
      return 'a part has a header that is none';
    if (/^content-disposition:/i.test(line)) {
      if (head !== null) return 'a part has several Content-Disposition headers';
      head = readDisposition(line, at);
      if (typeof head === 'string') return head;
    } else if (/^content-transfer-encoding:(?!\s*(?:binary|8bit|7bit)\s*$)/i.test(line)) {
      return 'a part has a transfer encoding';
    }
    at += line.length + 2;
  }
  return head ?? 'a part has no Content-Disposition header';
}

/** `offset` is where the line stands in the body. */
function readDisposition(line: string, offset: number): PartHead | string {
  const start = /^content-disposition:\s*form-data/i.exec(line);
  if (start === null) return 'a part is no form-data';
  const fileNames: Span[] = [];
  const parameter = /\s*;\s*([a-z]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))/iy;
  let name: string | null = null;
  let at = start[0].length;
  while (at < line.trimEnd().length) {
    parameter.lastIndex = at;
    const found = parameter.exec(line);
    const [whole, key = '', quoted, token = ''] = found ?? [];
    if (whole === undefined) return 'a Content-Disposition header cannot be read';
    at += whole.length;
    const value = quoted ?? token;
    if (/^name$/i.test(key)) {
      if (name !== null || !NAME.test(value)) return 'a part has no usable name';
      name = value;
    } else if (/^filename\*?$/i.test(key)) {
      const end = offset + at - (quoted === undefined ? 0 : 1);
      // RFC 5987: character set, language and the name, each behind a quote mark.
      const skipped = key.endsWith('*') ? value.lastIndexOf("'") + 1 : 0;
      fileNames.push({ start: end - value.length + skipped, end });
    } else return 'a Content-Disposition header has a parameter that is not known';
  }
  return name === null ? 'a part has no usable name' : { name, fileNames };
}
