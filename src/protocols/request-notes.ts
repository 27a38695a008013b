import type { ChatRequest } from './blocks.ts';
import type { JsonObject } from './protocol.ts';
import type { FieldName } from './receipt.ts';

/** What a request reader writes down beside the values: which fields there were, and which it has no word for. */
export interface RequestNotes {
  /** The top-level value, noted as read under its internal name. Null counts as absent. */
  take(field: FieldName, name: string): unknown;
  has(name: string): boolean;
  /** The top-level value, not noted. */
  value(name: string): unknown;
  /** A top-level field that the reader has split into details. */
  skip(name: string): void;
  /** Keeps a documented top-level field raw, if it is there and was not taken. */
  keep(name: string): void;
  /** Keeps a documented nested field raw, under its dotted path. */
  keepValue(path: string, value: unknown): void;
  /** Notes a detail of messages or tools by the caller's word for it. */
  detail(field: FieldName, name: string): void;
  /** Notes a field that the protocol does not document. */
  unknown(path: string): void;
  /** Notes every member of a nested object that is not in the list. */
  unknownMembers(value: JsonObject, known: readonly string[], path: string): void;
  /** Top-level fields that are left are unknown ones. */
  close(): Pick<ChatRequest, 'extra' | 'unknownFields' | 'fields'>;
}

/** Undocumented fields that are remembered; the first already refuses a hop to another protocol. */
const UNKNOWN_FIELDS_MAX = 20;

export function createRequestNotes(body: JsonObject): RequestNotes {
  const taken = new Set<string>();
  const fields: Record<string, string> = {};
  const extra: Record<string, unknown> = Object.create(null);
  const unknownFields: string[] = [];

  const has = (name: string) => body[name] !== undefined && body[name] !== null;
  const unknown = (path: string) => {
    if (unknownFields.length < UNKNOWN_FIELDS_MAX) unknownFields.push(path);
  };
  return {
    has,
    unknown,
    value: (name) => body[name],
    skip: (name) => taken.add(name),
    take(field, name) {
      taken.add(name);
      if (has(name)) fields[field] ??= name;
      return body[name];
    },
    keep(name) {
      if (has(name) && !taken.has(name)) extra[name] = body[name];
      taken.add(name);
    },
    keepValue(path, value) {
      extra[path] = value;
    },
    detail(field, name) {
      fields[field] ??= name;
    },
    unknownMembers(value, known, path) {
      for (const name of Object.keys(value)) {
        if (!known.includes(name) && value[name] !== null) unknown(`${path}.${name}`);
      }
    },
    close() {
      for (const name of Object.keys(body)) {
        if (taken.has(name)) continue;
        extra[name] = body[name];
        unknown(name);
      }
      return { extra, unknownFields, fields };
    },
  };
}
