import type { CallError } from '../../errors.ts';
import type { ScanResult } from '../json-scan.ts';
import { splice } from '../json-splice.ts';
import type { JsonObject, Protocol, RewrittenRequest } from '../protocol.ts';
import { listError } from '../shape.ts';
import { laterUsage } from '../usage.ts';
import { readError } from './error-reader.ts';
import { writeError } from './errors.ts';
import { inspectEvent, tapNeedles } from './inspect.ts';
import { readRequest } from './request-reader.ts';
import { writeRequest } from './request-writer.ts';
import { inspectResponse, readResponse } from './response-reader.ts';
import { writeResponse } from './response-writer.ts';
import { GeminiStreamReader } from './stream-reader.ts';
import { GeminiTap } from './stream-tap.ts';
import { GeminiStreamWriter } from './stream-writer.ts';

/** Google's generateContent, of the Gemini API and of Vertex AI. */
export const gemini: Protocol = {
  name: 'gemini',

  shapeError: (body): CallError | null => listError(body, 'contents'),
  readRequest,
  writeResponse,
  streamWriter: (context) => new GeminiStreamWriter(context),
  writeError,
  heartbeat: Buffer.from(': keep-alive\r\n\r\n'),
  streamContentType: 'text/event-stream; charset=utf-8',

  path,
  writeRequest,
  readResponse,
  streamReader: (origin) => new GeminiStreamReader(origin),
  readError,

  rewriteRequest,
  joinUsage: laterUsage,
  streamTap: (options) => new GeminiTap(options),
  tapNeedles,
  inspect: inspectEvent,
  inspectResponse,
};

/** A base URL of Vertex AI has project and location; below them publishers have their models. */
const VERTEX = /\/projects\/[^/]+\/locations\/[^/]+$/;

/** A model's name may say its resource in full: `models/…`, `tunedModels/…`, on Vertex AI `publishers/…`, `endpoints/…`. */
function path(model: string, stream: boolean, prefix = ''): string {
  const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
  // Dots would lead out of the place of models, and callers choose names.
  const steps = model.split('/').filter((step) => step !== '' && step !== '.' && step !== '..');
  const [root = ''] = steps;
  const name = (root === 'models' ? steps.slice(1) : steps).map(encodeURIComponent).join('/');
  if (VERTEX.test(prefix)) {
    const isWhole = root === 'publishers' || root === 'endpoints';
    return `${isWhole ? '' : '/publishers/google/models'}/${name}:${method}`;
  }
  return `/v1beta/${root === 'tunedModels' ? '' : 'models/'}${name}:${method}`;
}

/** The model is in the path; where a client repeats it in the body, it is the target's there too. */
function rewriteRequest(bytes: Buffer, scan: ScanResult, json: JsonObject, model: string): RewrittenRequest {
  const { model: repeated } = json;
  const name = `models/${model.replace(/^models\//, '')}`;
  const isOther = typeof repeated === 'string' && repeated !== name;
  const body = isOther ? splice(bytes, scan, [{ key: 'model', json: JSON.stringify(name) }]) : bytes;
  return { body, addsUsage: false };
}
