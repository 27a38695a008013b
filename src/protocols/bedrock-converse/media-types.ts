/** Between the formats that the Converse API names (ImageFormat, DocumentFormat, AudioFormat) and media types. */

const IMAGES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
};

const DOCUMENTS: Readonly<Record<string, string>> = {
  pdf: 'application/pdf',
  csv: 'text/csv',
  doc: 'application/msword',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xls: 'application/vnd.ms-excel',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  html: 'text/html',
  txt: 'text/plain',
  md: 'text/markdown',
};

export const imageType = (format: string): string => IMAGES[format] ?? `image/${format}`;

/** Undefined for a media type that the target has no word for. */
export function imageFormat(mediaType: string): string | undefined {
  return mediaType === 'image/jpg' ? 'jpeg' : keyOf(IMAGES, mediaType);
}

export const documentType = (format: string): string => DOCUMENTS[format] ?? 'application/octet-stream';

/** By the media type, or, where that says nothing, by the end of the file's name. */
export function documentFormat(mediaType: string, name: string | undefined): string | undefined {
  const format = keyOf(DOCUMENTS, mediaType);
  if (format !== undefined) return format;
  const ending = /\.([a-z]{2,5})$/i.exec(name ?? '')?.[1]?.toLowerCase();
  if (ending !== undefined && DOCUMENTS[ending] !== undefined) return ending;
  return mediaType.startsWith('text/') || mediaType === 'application/json' ? 'txt' : undefined;
}

/** The kind of a document that came without one: it is text. */
export const TEXT_TYPE = 'text/plain';

function keyOf(table: Readonly<Record<string, string>>, value: string): string | undefined {
  return Object.keys(table).find((key) => table[key] === value);
}
