import type { CallError } from '../../errors.ts';
import type { ChatRequest } from '../blocks.ts';
import { crossProtocolRefusal, extraFor } from '../cross-protocol.ts';
import { catchingRefusal } from '../expect.ts';
import { isJsonObject } from '../json-parse.ts';
import { objectText } from '../json-text.ts';
import type { JsonObject, TargetContext, WrittenRequest } from '../protocol.ts';
import { ReceiptBook } from '../receipt.ts';
import { fitToolNames } from '../tool-names.ts';
import { formatOf } from './format-writer.ts';
import { writeConversation } from './message-writer.ts';
import { bedrockModel } from './model-family.ts';
import { modelFields } from './model-fields.ts';
import { inferenceConfig, requestMetadata, serviceTier } from './settings-writer.ts';
import { STOP_SEQUENCE_PATHS } from './stop-reason.ts';
import { toolConfig } from './tool-writer.ts';

/** The body of `POST /model/{modelId}/converse` and of `/converse-stream`, for a request from anywhere. */
export function writeRequest(request: ChatRequest, target: TargetContext): WrittenRequest | CallError {
  return crossProtocolRefusal(request, 'bedrock-converse') ?? catchingRefusal(() => write(request, target));
}

function write(given: ChatRequest, target: TargetContext): WrittenRequest {
  const book = new ReceiptBook(given, 'bedrock-converse');
  const { request, toolNames } = fitToolNames(given, 'bedrock-converse', book);
  const model = bedrockModel(target.model, given.protocol === 'bedrock-converse');
  for (const field of ['model', 'stream', 'streamUsage', 'user', 'seed'] as const) book.apply(field);
  for (const field of ['presencePenalty', 'frequencyPenalty'] as const) book.apply(field);
  const format = formatOf(request, model, book);
  const tools = toolConfig(request, format.jsonTool, model, book);
  const own = modelFields(request, target, model, tools, book);
  const conversation = writeConversation(
    request,
    { format, model, hasTools: tools.config !== undefined },
    book,
  );
  const members: JsonObject = {
    inferenceConfig: inferenceConfig(request, own, model, book),
    toolConfig: tools.config,
    additionalModelRequestFields: own.fields,
    additionalModelResponseFieldPaths: stopSequencePaths(request, model.family === 'claude'),
    requestMetadata: requestMetadata(request, book),
    serviceTier: serviceTier(request, book),
    outputConfig: format.outputConfig,
  };
  addExtra(members, request, book);
  const texts = Object.entries(members).map(([name, value]) => [name, JSON.stringify(value)] as const);
  const text = objectText([['messages', conversation.messages], ['system', conversation.system], ...texts]);
  return {
    body: Buffer.from(text),
    receipt: book.close(),
    toolNames,
    jsonTool: format.jsonTool?.name,
  };
}

/** A caller who gave sequences may want to know which one has matched. */
function stopSequencePaths(request: ChatRequest, isClaude: boolean): readonly string[] | undefined {
  const isAsked = isClaude && request.stop !== undefined && request.protocol !== 'bedrock-converse';
  return isAsked ? STOP_SEQUENCE_PATHS : undefined;
}

/** Nested fields are kept under their dotted path. */
function addExtra(members: JsonObject, request: ChatRequest, book: ReceiptBook): void {
  for (const [path, value] of Object.entries(extraFor(request, 'bedrock-converse', book))) {
    const dot = path.indexOf('.');
    const parent = path.slice(0, dot);
    if (dot === -1 || !['additionalModelRequestFields', 'outputConfig'].includes(parent)) {
      members[path] = value;
      continue;
    }
    const known = members[parent];
    members[parent] = { ...(isJsonObject(known) ? known : {}), [path.slice(dot + 1)]: value };
  }
}
