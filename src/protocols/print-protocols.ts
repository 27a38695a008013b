import { type CallerProtocol, PROTOCOL_NAMES, type ProtocolName } from './blocks.ts';
import { callerWords } from './caller-words.ts';
import { FIELDS, NO_FIELD, NO_FORM, type Rule, type TabledField } from './fields.ts';
import { OWN_CONFIG_FIELDS, OWN_FIELDS, OWN_MEMBERS, OWN_TOOL_FIELDS } from './own-fields.ts';
import { protocolOf } from './registry.ts';

const TITLES: Readonly<Record<CallerProtocol, string>> = {
  'openai-chat': 'OpenAI Chat',
  'openai-responses': 'OpenAI Responses',
  'anthropic-messages': 'Anthropic Messages',
  gemini: 'Gemini',
  'bedrock-converse': 'Bedrock Converse',
  'cohere-chat': 'Cohere Chat',
  graphql: 'GraphQL',
};
const CALLERS: readonly CallerProtocol[] = [...PROTOCOL_NAMES, 'graphql'];
const fieldNames = () => Object.keys(FIELDS) as TabledField[]; // the table's own keys

/** What becomes of a request between two protocols, as a Markdown page (docs/protocols.md). */
export function printProtocols(): string {
  const parts = [INTRODUCTION, lanes(), EVERY_HOP, overview()];
  for (const target of PROTOCOL_NAMES) parts.push(targetPart(target));
  return `${[...parts, words(), ownFields()].join('\n\n')}\n`;
}

const INTRODUCTION = `# Protocols

Printed from \`src/protocols/fields.ts\` and \`own-fields.ts\` by \`npm run schema\`.

Every caller can reach every upstream, whatever protocol each of them speaks. This page says what that costs: which
fields of a request arrive, which become something else, and which are lost. The same table makes the receipt of
every call: the header \`x-sluice-receipt\`, \`receipt\` in GraphQL, and the call's record.

- **byte**: both sides speak one protocol. The caller's bytes go through as they are, undocumented fields included;
  only the name of the model is replaced, and usage is asked for where streams tell it on request alone.
- **block**: the request is read into content blocks and written in the other protocol.`;

function lanes(): string {
  const rows = CALLERS.map((caller) => [
    `**${TITLES[caller]}**`,
    ...PROTOCOL_NAMES.map((target) => laneOf(caller, target)),
  ]);
  const heads = ['caller \\ upstream', ...PROTOCOL_NAMES.map((name) => TITLES[name])];
  return `## Lanes\n\n${table(heads, rows)}\n\nGemini's streams as a JSON array are written anew, also before a Gemini upstream.`;
}

function laneOf(caller: CallerProtocol, target: ProtocolName): string {
  const isSpoken = (name: CallerProtocol) => name === 'graphql' || protocolOf(name) !== undefined;
  if (!isSpoken(caller) || !isSpoken(target)) return '–';
  return caller === target ? 'byte' : 'block';
}

const EVERY_HOP = `## Every hop between two protocols

- **Undocumented fields** refuse the call with \`unknown_field\`: nobody knows what they would have done.
- **Documented fields that only the caller's protocol has** ([below](#own-fields)) are dropped: "${NO_FIELD}".
  So are server tools and other blocks of one vendor: "${NO_FORM}".
- **\`strict: true\`** in the body, the header \`x-sluice-strict: true\` or the argument in GraphQL refuses a call that
  would lose a field with \`lossy_translation\`, before anything is sent.
- **More than one answer** (\`n\` above 1) and **threads** that a vendor keeps (\`thread\`) are refused.
- **Reasoning, its signatures, and ids of files** go back only to where they came from.
- **Names and ids of tools** that the target does not take become others, the same ones every time, and come back in
  the answer as the caller wrote them.
- **A parameter that a model refuses** by name is left out or renamed once, the request is sent again, and the target
  remembered; the receipt says "refused by the model". This happens in the byte lane too.`;

const OUTCOMES: Readonly<Record<Rule['action'], string>> = {
  carry: 'carried',
  convert: 'converted',
  drop: '**dropped**',
  reject: '**refused**',
};

function overview(): string {
  const rows = fieldNames().map((field) => [
    labelOf(field),
    ...PROTOCOL_NAMES.map((target) => {
      if (wordsOfOthers(field, target).length === 0) return '';
      const { action, cases } = ruleForOthers(field, target);
      return OUTCOMES[action] + (Object.keys(cases).length > 0 ? ' \\*' : '');
    }),
  ]);
  const heads = ['', ...PROTOCOL_NAMES.map((name) => TITLES[name])];
  return `## Fields by target

What a target makes of a field of callers of other protocols; empty where none of them can say it.
\\* Not always: the target's own part below says when.

${table(heads, rows)}`;
}

/**
 * The rule for callers of other protocols. Where the table tells them from the target's own, as for reasoning, they
 * have a case of their own.
 */
function ruleForOthers(field: TabledField, target: ProtocolName): Rule {
  const rule = FIELDS[field][target];
  const { otherOrigin, other } = rule.cases;
  if (otherOrigin !== undefined) return otherOrigin;
  return other?.action === 'drop' ? other : rule;
}

/** What a target does, for all callers of other protocols together. */
function targetPart(target: ProtocolName): string {
  const rows: Record<Rule['action'], string[][]> = { carry: [], convert: [], drop: [], reject: [] };
  for (const field of fieldNames()) {
    const said = wordsOfOthers(field, target);
    if (said.length === 0) continue;
    const rule = ruleForOthers(field, target);
    const cells = [labelOf(field), said.map(code).join(', ')];
    if (rule.action === 'carry' || rule.action === 'convert') cells.push(placesOf(rule.to));
    if (rule.action !== 'carry') cells.push(rule.reason ?? '');
    cells.push(casesPart(rule));
    rows[rule.action].push(cells);
  }
  const parts = [
    section('Dropped', ['callers say', 'why'], rows.drop),
    section('Refused', ['callers say', 'why'], rows.reject),
    section('Converted', ['callers say', 'target gets', 'how'], rows.convert),
    section('Carried', ['callers say', 'target gets'], rows.carry),
  ];
  return [`## To ${TITLES[target]}`, ...parts.filter((part) => part !== '')].join('\n\n');
}

function section(title: string, heads: readonly string[], rows: readonly string[][]): string {
  return rows.length === 0 ? '' : `### ${title}\n\n${table(['', ...heads, 'or, where need be'], rows)}`;
}

/**
 * The words of the callers of other protocols; of those that differ only in their place or spelling the shortest:
 * `temperature` stands for `generationConfig.temperature` too.
 */
function wordsOfOthers(field: TabledField, target: ProtocolName): readonly string[] {
  const byName = new Map<string, string>();
  for (const caller of CALLERS) {
    if (caller === target) continue;
    for (const word of callerWords(caller, field)) {
      const name = (word.split('.').at(-1) ?? word).replace(/[^a-z]/gi, '').toLowerCase();
      const known = byName.get(name);
      if (known === undefined || word.length < known.length) byName.set(name, word);
    }
  }
  return [...byName.values()];
}

const LEFT_OUT = '**dropped**: ';
const REFUSED = '**refused**: ';

/** What else may happen: what is lost comes last. */
function casesPart({ to, cases }: Rule): string {
  const texts = Object.values(cases).map((rule) => casePart(rule, to));
  return [...new Set(texts)].sort((one, other) => rank(one) - rank(other)).join('; ');
}

const rank = (text: string) => (text.startsWith(LEFT_OUT) ? 1 : text.startsWith(REFUSED) ? 2 : 0);

function casePart({ action, to, reason }: Rule, usual: string | null): string {
  if (action === 'drop') return LEFT_OUT + reason;
  if (action === 'reject') return REFUSED + reason;
  if (to === null) return 'nothing where it is the default';
  if (reason === null) return `as ${placesOf(to)}`;
  return to === usual ? reason : `as ${placesOf(to)}: ${reason}`;
}

function words(): string {
  const rows = fieldNames().map((field) => [
    labelOf(field),
    ...CALLERS.map((caller) => callerWords(caller, field).map(code).join(', ')),
  ]);
  const heads = ['', ...CALLERS.map((caller) => TITLES[caller])];
  const spoken = rows.filter(([, ...cells]) => cells.some((one) => one !== ''));
  return `## The same field in every protocol\n\nEmpty where a caller cannot say it.\n\n${table(heads, spoken)}`;
}

function ownFields(): string {
  const rows = PROTOCOL_NAMES.map((name) => {
    const tool = name === 'gemini' ? 'tools[].functionDeclarations[]' : 'tools[]';
    const tools = (OWN_TOOL_FIELDS[name] ?? []).map((member) => `${tool}.${member}`);
    const config = name === 'gemini' ? OWN_CONFIG_FIELDS.map((member) => `generationConfig.${member}`) : [];
    const own = [...OWN_FIELDS[name], ...config, ...(OWN_MEMBERS[name] ?? []), ...tools];
    return [TITLES[name], own.map(code).join(', ')];
  });
  return `## Own fields\n\nThey go only to a target of the same protocol.\n\n${table(['protocol', 'fields'], rows)}`;
}

/** `maxOutputTokens` as "max output tokens", `toolCall.id` as "tool call: id". */
function labelOf(field: TabledField): string {
  return field.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`).replace('.', ': ');
}

/** `max_tokens`, or several places: `system, messages`. */
const placesOf = (to: string | null) => (to ?? '').split(', ').map(code).join(', ');
const code = (text: string) => `\`${text}\``;

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ').replaceAll('\n', ' ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}
