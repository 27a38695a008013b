import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/package-root.ts';
import { PROTOCOL_NAMES, type ProtocolName } from '../../../src/protocols/blocks.ts';
import { callerWords } from '../../../src/protocols/caller-words.ts';
import { FIELDS, type Rule, type TabledField } from '../../../src/protocols/fields.ts';
import { OWN_FIELDS } from '../../../src/protocols/own-fields.ts';
import { printProtocols } from '../../../src/protocols/print-protocols.ts';

describe('docs/protocols.md', () => {
  it('is committed as it would be printed', () => {
    expect(readFileSync(`${packageRoot()}/docs/protocols.md`, 'utf8')).toBe(printProtocols());
  });

  it('has a row for every caller before every upstream', () => {
    const rows = printProtocols().match(/^\| \*\*[^|]+\*\* (\| (byte|block|–) ){6}\|$/gm) ?? [];
    expect(rows).toHaveLength(7);
    expect(rows.at(-1)).not.toContain('byte');
  });

  it('says of every field what every target makes of it, with the reasons, and lists every own field', () => {
    const printed = printProtocols();
    const parts = new Map(
      printed.split(/^## /m).map((part) => [part.slice(0, part.indexOf('\n')), part] as const),
    );
    for (const target of PROTOCOL_NAMES) {
      const part = parts.get(`To ${TITLES[target]}`) ?? '';
      for (const field of Object.keys(FIELDS) as TabledField[]) {
        const rule = ruleForOthers(field, target);
        if (!isSaid(field, target)) continue;
        for (const { reason } of [rule, ...Object.values(rule.cases)]) {
          expect(part, `${field} at ${target}`).toContain(reason ?? '');
        }
      }
    }
    for (const field of Object.values(OWN_FIELDS).flat()) expect(printed).toContain(`\`${field}\``);
  });
});

const TITLES: Readonly<Record<ProtocolName, string>> = {
  'openai-chat': 'OpenAI Chat',
  'openai-responses': 'OpenAI Responses',
  'anthropic-messages': 'Anthropic Messages',
  gemini: 'Gemini',
  'bedrock-converse': 'Bedrock Converse',
  'cohere-chat': 'Cohere Chat',
};

function isSaid(field: TabledField, target: ProtocolName): boolean {
  const callers = [...PROTOCOL_NAMES, 'graphql'] as const;
  return callers.some((caller) => caller !== target && callerWords(caller, field).length > 0);
}

/** Where a rule has a case for callers of other protocols, that is theirs. */
function ruleForOthers(field: TabledField, target: ProtocolName): Rule {
  const rule = FIELDS[field][target];
  const { otherOrigin, other } = rule.cases;
  return otherOrigin ?? (other?.action === 'drop' ? other : rule);
}
