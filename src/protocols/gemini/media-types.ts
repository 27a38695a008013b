/** Other names for the formats that OpenAI has words for. */
const AUDIO: Readonly<Record<string, string>> = {
  'audio/x-wav': 'wav',
  'audio/wave': 'wav',
  'audio/vnd.wave': 'wav',
  'audio/mpeg': 'mp3',
};

/** OpenAI's word for a media type of audio: `wav`, `mp3` …; null for anything else. */
export function formatOfAudio(mediaType: string): string | null {
  const type = mediaType.split(';', 1)[0]?.trim() ?? '';
  if (!type.startsWith('audio/')) return null;
  return AUDIO[type] ?? type.slice('audio/'.length);
}

/** By the ending of an address, for media whose type nobody has told. */
const ENDINGS: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  json: 'application/json',
  mp4: 'video/mp4',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
};

/** The media type of what is at an address; Google asks for one, so that there is a guess for every address. */
export function typeOfAddress(url: string, medium: 'image' | 'file'): string {
  const path = URL.canParse(url) ? new URL(url).pathname : '';
  const ending = /\.([a-z\d]{2,5})$/i.exec(path)?.[1]?.toLowerCase() ?? '';
  return ENDINGS[ending] ?? (medium === 'image' ? 'image/jpeg' : 'application/pdf');
}
