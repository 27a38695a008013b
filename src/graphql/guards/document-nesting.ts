const OPENING = '{[(';
const CLOSING = '}])';

/**
 * True if brackets of a GraphQL document nest deeper than `depthMax`. Looks at the text, because graphql-js's
 * parser is recursive: two thousand tokens `[` are few enough for the token bound and too many for the stack.
 * Brackets in strings and comments do not count.
 * @see https://spec.graphql.org/October2021/#sec-Appendix-Grammar-Summary.Lexical-Tokens
 */
export function isDocumentNestedDeeperThan(text: string, depthMax: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (OPENING.includes(char)) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (CLOSING.includes(char)) depth -= 1;
    else if (char === '"') at = stringEnd(text, at);
    else if (char === '#') at = lineEnd(text, at);
  }
  return false;
}

/** The offset of a string's last quote; the end of the text when it is not closed, which the parser will say. */
function stringEnd(text: string, start: number): number {
  if (text.startsWith('"""', start)) {
    let end = text.indexOf('"""', start + 3);
    while (end !== -1 && text[end - 1] === '\\') end = text.indexOf('"""', end + 3);
    return end === -1 ? text.length : end + 2;
  }
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text[at];
    if (char === '"') return at;
    // A string cannot hold a line break: the parser stops here, whatever follows.
    if (char === '\n' || char === '\r') return text.length;
    if (char === '\\') at += 1;
  }
  return text.length;
}

function lineEnd(text: string, start: number): number {
  for (let at = start; at < text.length; at += 1) if (text[at] === '\n' || text[at] === '\r') return at;
  return text.length;
}
