const URL_CHARS_MAX = 2_048;

/**
 * A base URL in its one form: http or https, no trailing slash, host as the URL standard writes it
 * (`0x7f.1` becomes `127.0.0.1`). Null for anything else: user name or password, query, fragment,
 * and characters that the URL parser would silently drop or turn into slashes.
 */
export function normaliseBaseUrl(text: string): string | null {
  if (text.length > URL_CHARS_MAX || !/^https?:\/\/[\x21-\x7e]+$/i.test(text) || /[\\?#]/.test(text))
    return null;
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || /@/.test(authority(text))) return null;
  return url.origin + url.pathname.replace(/\/+$/, '');
}

/** An empty user name (`http://@host`) leaves no trace in the parsed URL. */
function authority(text: string): string {
  return text.split('/', 3)[2] ?? '';
}
