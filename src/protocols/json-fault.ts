const SPACE = /[ \t\n\r]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[\da-fA-F]{4})/y;

type Expect = 'value' | 'valueOrEnd' | 'key' | 'keyOrEnd' | 'colon' | 'commaOrEnd';

/**
 * Where a text stops being JSON (RFC 8259), as an offset in UTF-16 units. The runtime's own message names a
 * position only sometimes and may quote the body. Only called for texts that JSON.parse refused.
 */
export function jsonFaultAt(text: string): number {
  const open: string[] = [];
  let expect: Expect = 'value';
  let at = 0;
  for (;;) {
    const start = skip(SPACE, text, at);
    const first = text[start];
    if (first === undefined) return start;
    const isPunctuation = '{}[],:'.includes(first);
    const end = isPunctuation
      ? start + 1
      : first === '"'
        ? stringEnd(text, start)
        : skip(SCALAR, text, start);
    if (end < 0) return -end;
    const next: Expect | null =
      end === start ? null : follow(expect, open, isPunctuation ? first : null, first === '"');
    if (next === null) return start;
    if (open.length === 0) return skip(SPACE, text, end);
    expect = next;
    at = end;
  }
}

/** The offset behind what the sticky pattern takes at `at`. */
function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** The offset behind a string's closing quote; negative: where the string is at fault. */
function stringEnd(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) return at + 1;
    if (Number.isNaN(unit) || unit < 0x20) return -at;
    const next = unit === 0x5c ? skip(ESCAPE, text, at) : at + 1;
    if (next === at) return -at;
    at = next;
  }
}

/** What may come after this token; null when the token itself may not come here. */
function follow(
  expect: Expect,
  open: string[],
  punctuation: string | null,
  isString: boolean,
): Expect | null {
  if (expect === 'colon') return punctuation === ':' ? 'value' : null;
  if (expect === 'key' || expect === 'keyOrEnd') {
    if (isString) return 'colon';
    return expect === 'keyOrEnd' && punctuation === '}' ? close(open, '{') : null;
  }
  if (expect === 'commaOrEnd') {
    if (punctuation === ',') return open.at(-1) === '{' ? 'key' : 'value';
    if (punctuation === '}') return close(open, '{');
    return punctuation === ']' ? close(open, '[') : null;
  }
  if (punctuation === null) return 'commaOrEnd';
  if (punctuation === '{' || punctuation === '[') {
    open.push(punctuation);
    return punctuation === '{' ? 'keyOrEnd' : 'valueOrEnd';
  }
  return expect === 'valueOrEnd' && punctuation === ']' ? close(open, '[') : null;
}

function close(open: string[], bracket: string): Expect | null {
  return open.pop() === bracket ? 'commaOrEnd' : null;
}
