import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/package-root.ts';
import { PROTOCOL_NAMES } from '../../../src/protocols/blocks.ts';
import { FIELDS, type TabledField } from '../../../src/protocols/fields.ts';
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

  it('gives every reason of the table, and every own field', () => {
    const printed = printProtocols();
    for (const field of Object.keys(FIELDS) as TabledField[]) {
      for (const target of PROTOCOL_NAMES) {
        const rule = FIELDS[field][target];
        const said = [rule, ...Object.values(rule.cases)].map(({ reason }) => reason ?? '');
        const isSayable = printed.includes(`## To`);
        for (const reason of said) if (isSayable) expect(printed, `${field} at ${target}`).toContain(reason);
      }
    }
    for (const field of Object.values(OWN_FIELDS).flat()) expect(printed).toContain(`\`${field}\``);
  });
});
