export type JsonType = 'application/graphql-response+json' | 'application/json';

/** What a request is willing to read. */
export interface Accepted {
  /** For single results; null when only something else is accepted. */
  readonly json: JsonType | null;
  /** `text/event-stream` is accepted. */
  readonly eventStream: boolean;
}

const JSON_TYPES: readonly JsonType[] = ['application/json', 'application/graphql-response+json'];

/**
 * Reads an Accept header (RFC 9110, 12.5.1). Without one, and for wildcards, single results are
 * application/json, as GraphQL over HTTP asks of servers with clients from before its own media type.
 */
export function readAccept(header: string | undefined): Accepted {
  if (header === undefined || header.trim() === '') return { json: 'application/json', eventStream: true };
  const weights = new Map<string, number>();
  for (const range of header.split(',')) {
    const [type = '', ...parameters] = range.split(';');
    const weight = /^\s*q\s*=\s*([\d.]+)/i.exec(
      parameters.find((parameter) => /^\s*q\s*=/i.test(parameter)) ?? '',
    );
    weights.set(type.trim().toLowerCase(), weight?.[1] === undefined ? 1 : Number(weight[1]));
  }
  const any = weights.get('*/*') ?? 0;
  let json: JsonType | null = null;
  let best = 0;
  for (const type of JSON_TYPES) {
    const weight = weights.get(type) ?? weights.get('application/*') ?? any;
    if (weight > best) {
      best = weight;
      json = type;
    }
  }
  return { json, eventStream: (weights.get('text/event-stream') ?? weights.get('text/*') ?? any) > 0 };
}
