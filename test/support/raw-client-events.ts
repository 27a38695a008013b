export interface ServerSentEvent {
  /** `message` unless the stream named it. */
  readonly event: string;
  readonly data: string;
}

/**
 * The events of a whole event stream, as the WHATWG HTML standard (section 9.2.6) says; an event without its
 * blank line is not one. Written apart from the gateway's own parser, so that one can convict the other.
 */
export function parseEvents(body: Buffer | string): readonly ServerSentEvent[] {
  const text = body.toString().replace(/^\uFEFF/, '');
  const lines = text.split(/\r\n|\n|\r/);
  // What follows the last line end is not a line yet.
  lines.pop();
  const events: ServerSentEvent[] = [];
  let event = '';
  let data: string[] = [];
  for (const line of lines) {
    if (line === '') {
      if (data.length > 0) events.push({ event: event === '' ? 'message' : event, data: data.join('\n') });
      event = '';
      data = [];
      continue;
    }
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === 'data') data.push(value);
    else if (field === 'event') event = value;
  }
  return events;
}
