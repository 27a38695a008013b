import { it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { CallError } from '../../../../src/errors.ts';
import { PROTOCOL_NAMES } from '../../../../src/protocols/blocks.ts';
import { TARGETS } from '../fields/callers.ts';
import { CALLERS, spoken } from './pairs.ts';
import { WISHES } from './wishes.ts';
import { read } from './words.ts';
it('x', () => {
  const out: string[] = [];
  for (const [what, wish] of Object.entries(WISHES)) for (const c of CALLERS) {
    let r: any;
    try { r = read(c, wish); } catch (e: any) { out.push(`${what} READ ${c} ${e.message} ${e.param}`); continue; }
    if (r.unknownFields.length || Object.keys(r.extra).length) out.push(`${what} ${c} unknown ${r.unknownFields} ${Object.keys(r.extra)}`);
    for (const t of PROTOCOL_NAMES) {
      const p = spoken(t);
      const w = p.writeRequest(r, TARGETS[t]);
      if (w instanceof CallError) { out.push(`${what} ${c}->${t} REFUSED ${w.message} ${w.param}`); continue; }
      const b = p.readRequest(JSON.parse(w.body.toString()), { model: r.model, stream: r.stream });
      if (b instanceof CallError) { out.push(`${what} ${c}->${t} READBACK ${b.message} ${b.param}`); continue; }
      for (const f of ['tools','toolChoice','parallelToolCalls','responseFormat','maxOutputTokens','temperature','topP','topK','seed','stop','presencePenalty','frequencyPenalty','reasoning','user','metadata','stream','messages'] as const) {
        const x = JSON.stringify((r as any)[f]), y = JSON.stringify((b as any)[f]);
        const e = w.receipt.find(e => e.field === r.fields[f]);
        if (x !== y) out.push(`${what} | ${c}->${t} | ${f} ${e?.action} ${e?.reason ?? ''}: ${x?.slice(0,500)} => ${y?.slice(0,500)}`);
      }
    }
  }
  writeFileSync('/tmp/explore2.txt', out.join('\n'));
});
