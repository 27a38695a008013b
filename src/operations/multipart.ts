/**
 * Finds the parts of a multipart/form-data body (RFC 7578, RFC 2046 section 5.1) without copying any of it, so
 * that single parts can be rewritten and all other bytes stay.
 *
 * It is stricter than most servers: where two readers could see different parts, the body is refused. The
 * upstream must not find another `model` than the one that was checked here.
 */
import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Span } from '../protocols/json-scan.ts';
import { type PartHead, readPartHead } from './part-head.ts';

export type FormLimits = Pick<Limits, 'formPartsMax' | 'formHeadBytesMax' | 'formFieldBytesMax'>;

export interface FormPart extends PartHead {
  /** From its delimiter to before the next one: what to cut out to be without the part. */
  readonly whole: Span;
  readonly value: Span;
}

/** A request body with its parts. */
export interface Form {
  readonly bytes: Buffer;
  /** The whole media type, boundary included, as it goes upstream too. */
  readonly contentType: string;
  readonly parts: readonly FormPart[];
}

const CRLF = Buffer.from('\r\n');
const HEAD_END = Buffer.from('\r\n\r\n');
const DASH = 0x2d;
const CR = 0x0d;
const LF = 0x0a;
/** RFC 2046, 5.1.1: bchars, 1 to 70 of them; a boundary with other characters must be quoted, and is refused. */
const BOUNDARY =
  /^multipart\/form-data\s*;(?:[^"]*;)?\s*boundary=(?:"([\w'()+,./:=? -]{0,69}[\w'()+,./:=?-])"|([\w'+./-]{1,70}))\s*(?:;|$)/i;

/** Whether a request says that its body is a form; with a boundary or without. */
export function isForm(contentType: string | undefined): boolean {
  return /^multipart\/form-data\s*(?:;|$)/i.test(contentType ?? '');
}

/** The parts in order. Errors: `malformed_form`. */
export function scanForm(bytes: Buffer, contentType: string, limits: FormLimits): Form | CallError {
  const found = BOUNDARY.exec(contentType);
  const boundary = found?.[1] ?? found?.[2];
  if (boundary === undefined || contentType.split(/boundary=/i).length !== 2) {
    return malformed('the Content-Type has no usable boundary');
  }
  const delimiter = Buffer.from(`--${boundary}`, 'latin1');
  const parts: FormPart[] = [];
  let at = bytes[0] === CR && bytes[1] === LF ? 2 : 0;
  if (bytes.indexOf(delimiter) !== at) return malformed('it does not begin with its boundary');
  for (;;) {
    const behind = at + delimiter.length;
    if (bytes[behind] === DASH && bytes[behind + 1] === DASH) {
      return isOver(bytes, behind + 2)
        ? { bytes, contentType, parts }
        : malformed('something follows its end');
    }
    if (parts.length >= limits.formPartsMax)
      return malformed(`it has more than ${limits.formPartsMax} parts`);
    const part = readPart(bytes, at, delimiter, limits);
    if (part instanceof CallError) return part;
    parts.push(part);
    at = part.whole.end;
  }
}

/** `at` is the part's delimiter. */
function readPart(bytes: Buffer, at: number, delimiter: Buffer, limits: FormLimits): FormPart | CallError {
  const headStart = lineEnd(bytes, at + delimiter.length);
  if (headStart === null) return malformed('its boundary stands inside a part');
  const headLimit = Math.min(bytes.length, headStart + limits.formHeadBytesMax + HEAD_END.length);
  const headBytes = bytes.subarray(headStart, headLimit).indexOf(HEAD_END);
  if (headBytes === -1) return malformed('the headers of a part have no end, or are too long');
  const head = readPartHead(bytes, { start: headStart, end: headStart + headBytes });
  if (typeof head === 'string') return malformed(head);
  const start = headStart + headBytes + HEAD_END.length;
  const next = bytes.indexOf(delimiter, start);
  if (next === -1) return malformed('it breaks off before its end');
  if (next - 2 < start || !bytes.subarray(next - 2, next).equals(CRLF)) {
    return malformed('its boundary stands inside a part');
  }
  return { ...head, whole: { start: at, end: next }, value: { start, end: next - 2 } };
}

/** Behind the line's end; white space before it is allowed (RFC 2046, transport padding), nothing else. */
function lineEnd(bytes: Buffer, from: number): number | null {
  let at = from;
  while (bytes[at] === 0x20 || bytes[at] === 0x09) at += 1;
  return bytes[at] === CR && bytes[at + 1] === LF ? at + 2 : null;
}

function isOver(bytes: Buffer, from: number): boolean {
  return from === bytes.length || (from + 2 === bytes.length && bytes[from] === CR && bytes[from + 1] === LF);
}

/**
 * The text of a plain field; null without one. Errors: `duplicate_field`, `invalid_request` for a file in its
 * place and for one that is too long.
 */
export function formField(form: Form, name: string, limits: FormLimits): string | null | CallError {
  const found = form.parts.filter((part) => part.name === name);
  const [part] = found;
  if (part === undefined) return null;
  if (found.length > 1) {
    return new CallError('duplicate_field', {
      param: name,
      message: `The form has several parts "${name}".`,
    });
  }
  const { start, end } = part.value;
  if (part.fileNames.length > 0 || end - start > limits.formFieldBytesMax) {
    const message = `"${name}" must be a plain field of at most ${limits.formFieldBytesMax} bytes.`;
    return new CallError('invalid_request', { param: name, message });
  }
  return form.bytes.toString('utf8', start, end);
}

export interface FormEdit {
  readonly span: Span;
  readonly text: string;
}

/** The body with these spans replaced, as pieces: none of what stays is copied. Spans must not overlap. */
export function editForm(form: Form, edits: readonly FormEdit[]): readonly Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const { span, text } of [...edits].sort((one, other) => one.span.start - other.span.start)) {
    pieces.push(form.bytes.subarray(from, span.start), Buffer.from(text));
    from = span.end;
  }
  pieces.push(form.bytes.subarray(from));
  return pieces.filter((piece) => piece.length > 0);
}

function malformed(why: string): CallError {
  return new CallError('malformed_form', { message: `The body is not valid multipart/form-data: ${why}.` });
}
