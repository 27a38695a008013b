/** A base64 `data:` URI (RFC 2397) as media; null for any other. Parameters besides `base64` are left out. */
export function parseDataUri(
  uri: string,
): { readonly kind: 'base64'; readonly mediaType: string; readonly data: string } | null {
  const comma = uri.indexOf(',');
  if (comma === -1 || comma > 200) return null;
  const header = uri.slice('data:'.length, comma).split(';');
  const isBase64 = header.slice(1).some((parameter) => parameter.trim().toLowerCase() === 'base64');
  const mediaType = header[0]?.trim().toLowerCase() || 'text/plain';
  return isBase64 ? { kind: 'base64', mediaType, data: uri.slice(comma + 1) } : null;
}

/** The other way. */
export function dataUri(mediaType: string, data: string): string {
  return `data:${mediaType};base64,${data}`;
}
