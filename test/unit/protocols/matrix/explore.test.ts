import { it } from 'vitest';
import { writeFileSync } from 'node:fs';
import { PROTOCOL_NAMES } from '../../../../src/protocols/blocks.ts';
import { protocolOf } from '../../../../src/protocols/registry.ts';
import { RECORDED_ANSWERS, RECORDED_STREAMS, firstAnswerOf } from '../../../support/recordings.ts';
import { loadJson } from '../../../support/fixtures.ts';
import { CONTEXT, digest, readStream, writeStream } from '../digest.ts';
it('x', () => {
  const out: string[] = [];
  const cmp = (what: string, a: any, b: any) => {
    for (const k of Object.keys(a)) if (JSON.stringify(a[k]) !== JSON.stringify(b[k])) out.push(`${what} ${k}: ${JSON.stringify(a[k]).slice(0,200)} -> ${JSON.stringify(b[k]).slice(0,200)}`);
  };
  for (const [file, name] of RECORDED_STREAMS) {
    const p = protocolOf(name)!;
    const r = readStream(p, firstAnswerOf(file));
    if (!r.isComplete || r.failure) out.push(`${file} READ ${r.isComplete} ${JSON.stringify(r.failure)}`);
    out.push(`# ${file} frames ${firstAnswerOf(file).length} events ${r.events.length} ${r.response.finishReason}`);
    for (const c of PROTOCOL_NAMES) {
      const cp = protocolOf(c)!;
      try {
        const again = readStream(cp, [writeStream(cp, r.events)]);
        if (!again.isComplete || again.failure) out.push(`${file} S ${c} ${again.isComplete} ${JSON.stringify(again.failure)}`);
        cmp(`${file} S ${c}`, digest(r.response), digest(again.response));
      } catch (e) { out.push(`${file} S ${c} THROW ${e}`); }
    }
  }
  for (const [file, name] of RECORDED_ANSWERS) {
    const p = protocolOf(name)!;
    const r = p.readResponse(loadJson(file), { protocol: name });
    if ('class' in r) { out.push(`${file} FAIL ${JSON.stringify(r)}`); continue; }
    for (const c of PROTOCOL_NAMES) {
      const cp = protocolOf(c)!;
      try {
        const again = cp.readResponse(JSON.parse(cp.writeResponse(r, CONTEXT).toString()), { protocol: c });
        if ('class' in again) { out.push(`${file} W ${c} FAIL ${JSON.stringify(again)}`); continue; }
        cmp(`${file} W ${c}`, digest(r), digest(again));
      } catch (e) { out.push(`${file} W ${c} THROW ${e}`); }
    }
  }
  writeFileSync('/tmp/explore.txt', out.join('\n'));
});
