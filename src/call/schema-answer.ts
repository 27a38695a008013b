/**
 * Structured output of a target that did not get the caller's schema as it is: the answer is checked against the
 * original, and what it breaks stands in the receipt. The answer goes to the caller all the same.
 */
import type { Call } from '../call.ts';
import { LIMITS } from '../limits.ts';
import type { BlockEvent, ChatRequest, ChatResponse, Receipt } from '../protocols/blocks.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { ResponseBuilder } from '../protocols/response-builder.ts';
import { schemaBreach, uncheckedKeywords } from '../protocols/schema-check.ts';
import type { AnswerCheck } from '../relay/lane.ts';
import type { CallLaneContext } from './lane-context.ts';

/**
 * Lets the call's answer be checked where its schema was converted or dropped. Returns the receipt, with what will
 * not be checked.
 */
export function checkSchema(
  call: Call,
  context: CallLaneContext,
  request: ChatRequest,
  receipt: Receipt,
): Receipt {
  const format = request.responseFormat;
  if (format?.type !== 'jsonSchema') return receipt;
  const field = request.fields['responseFormat'] ?? 'responseFormat';
  const said = receipt.find((entry) => entry.field === field);
  if (said === undefined || said.action === 'carried' || said.action === 'renamed') return receipt;
  context.check = new SchemaCheck(call, field, format.schema);
  const unchecked = uncheckedKeywords(format.schema);
  if (unchecked.length === 0) return receipt;
  return [...receipt, { field, action: 'converted', reason: `not checked: ${unchecked.join(', ')}` }];
}

class SchemaCheck implements AnswerCheck {
  readonly #call: Call;
  readonly #field: string;
  readonly #schema: JsonObject;
  #builder: ResponseBuilder | null = new ResponseBuilder();
  #chars = 0;

  constructor(call: Call, field: string, schema: JsonObject) {
    this.#call = call;
    this.#field = field;
    this.#schema = schema;
  }

  event(event: BlockEvent): void {
    if (event.type === 'blockDelta') this.#chars += event.text?.length ?? 0;
    if (this.#chars > LIMITS.schemaAnswerCharsMax) this.#builder = null;
    this.#builder?.add(event);
  }

  end(): void {
    if (this.#builder === null) this.#note('not checked: the answer is too long');
    else this.whole(this.#builder.build());
  }

  /** Only what is meant as the answer: no call of a tool, no refusal, nothing cut short. */
  whole({ blocks, finishReason }: ChatResponse): void {
    if (finishReason !== 'stop' || blocks.some(({ type }) => type === 'refusal')) return;
    const text = blocks.map((block) => (block.type === 'text' ? block.text : '')).join('');
    const breach = schemaBreach(this.#schema, text);
    if (breach !== null) this.#note(breach);
  }

  #note(reason: string): void {
    const call = this.#call;
    call.receipt = [...(call.receipt ?? []), { field: this.#field, action: 'converted', reason }];
  }
}
