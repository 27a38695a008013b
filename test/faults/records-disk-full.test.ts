import { readdirSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WriteBytes } from '../../src/calls/spool-disk.ts';
import { nonce } from '../support/canary.ts';
import { faultOf, type SentChat, sendChat } from '../support/chat-client.ts';
import { toChecked } from '../support/checked-row.ts';
import { Checker } from '../support/checker.ts';
import { configText } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { wait } from '../support/fake-upstream-steps.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { type Gate, gate, until, within } from '../support/wait.ts';

const RUNNING = 20;
const REFUSED = 400;

/** A disk for the spool alone. When it is full, it takes what still fits and then says ENOSPC, as write(2) does. */
class SmallDisk {
  capacityBytes = Number.POSITIVE_INFINITY;
  /** What the next write says instead. */
  errorCode: 'ENOSPC' | 'EIO' | 'EROFS' = 'ENOSPC';
  #folder = '';

  get usedBytes(): number {
    const files = readdirSync(this.#folder).map((name) => statSync(join(this.#folder, name)));
    return files.reduce((sum, { size }) => sum + size, 0);
  }

  /** Nothing fits any more, but what is deleted gives room again. */
  fill(): void {
    this.capacityBytes = this.usedBytes;
  }

  write = (gatewayFolder: string): WriteBytes => {
    this.#folder = join(gatewayFolder, 'spool', '0');
    return (fd, bytes, offset, length) => {
      const room = Math.max(Math.min(length, this.capacityBytes - this.usedBytes), 0);
      if (room === 0) throw Object.assign(new Error(`${this.errorCode}: write`), { code: this.errorCode });
      return writeSync(fd, bytes, offset, room);
    };
  };
}

interface Sent extends SentChat {
  readonly word: string;
}

let upstream: FakeUpstream;
let disk: SmallDisk;
let gateway: TestGateway;
let checker: Checker;
let opened: Gate;

beforeEach(async () => {
  opened = gate();
  upstream = await startEchoUpstream({ before: (index) => (index === 2 ? wait(opened) : undefined) });
  disk = new SmallDisk();
  checker = new Checker();
  gateway = await startGateway({
    config: configText(
      [{ name: 'lab', protocol: 'openai-chat', port: upstream.port }],
      [{ name: 'fast', targets: ['lab/gpt-fake'] }],
    ),
    limits: { spoolReserveBytes: 32 * 1024, spoolRetryMs: 100 },
    spoolWrite: disk.write,
  });
});
afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

function send(isStream: boolean): Sent {
  const word = nonce();
  return { word, ...sendChat({ port: gateway.port, model: 'fast', isStream, word }) };
}

/** The call's end, told to the checker; gives its status and what was wrong with it. */
async function finish(sent: Sent): Promise<{ status: number; fault: string | null; text: string }> {
  const { response } = await within(sent.seen, { what: 'the end of a call' });
  // One that is refused for want of a record promises none.
  checker.http(sent.word, response, { isCall: response?.status !== 503 });
  const text = response?.body.toString() ?? '';
  return { status: response?.status ?? 0, fault: response === null ? 'no answer' : faultOf(response), text };
}

const isReady = async () => (await fetch(`${gateway.baseUrl}/readyz`)).ok;

/** Fills the disk and makes calls until one is refused; gives the refusal. */
async function refusal(): Promise<string> {
  disk.fill();
  return await until(
    async () => {
      const { status, text } = await finish(send(false));
      return status === 503 ? text : null;
    },
    { what: 'a refused call' },
  );
}

describe('the disk of the spool', () => {
  it('D07 is full: new calls are refused, those under way finish with their records, and it recovers', async () => {
    const running = Array.from({ length: RUNNING }, () => send(true));
    await Promise.all(running.map(({ begun }) => begun));
    const text = await refusal();
    expect(JSON.parse(text)).toMatchObject({
      error: { code: 'records_unavailable', message: expect.stringContaining('cannot keep records') },
    });
    const seenBefore = upstream.requests.length;
    // More of them than the room for the last records could hold, were it spent on refusals.
    const more = await Promise.all(
      Array.from({ length: REFUSED }, (_, index) => finish(send(index % 2 === 0))),
    );
    expect(new Set(more.map(({ status }) => status))).toEqual(new Set([503]));
    const unknown = sendChat({ port: gateway.port, model: 'unknown', isStream: false, word: nonce() });
    expect((await unknown.seen).response?.status).toBe(503);
    expect(upstream.requests.length).toBe(seenBefore);
    expect(await isReady()).toBe(false);

    opened.open();
    const ended = await Promise.all(running.map((sent) => finish(sent)));
    expect(ended.filter(({ fault }) => fault !== null)).toEqual([]);

    disk.capacityBytes = Number.POSITIVE_INFINITY;
    await until(isReady, { what: 'it recovers' });
    expect((await finish(send(false))).fault).toBeNull();
    await checker.verify({
      rows: async () => (await gateway.rows()).map(toChecked),
      upstreams: [upstream],
      logs: gateway.logs.lines,
    });
  });

  it.each(['EIO', 'EROFS'] as const)(
    'D07 fails with %s for reads and writes alike: a call whose end cannot be recorded is not acknowledged',
    async (errorCode) => {
      const running = send(true);
      await running.begun;
      disk.errorCode = errorCode;
      disk.capacityBytes = 0;
      opened.open();
      const { fault, text } = await finish(running);
      expect(fault).toContain('incomplete');
      expect(text).toContain('records_unavailable');
      expect(text).not.toContain('[DONE]');
      expect((await finish(send(false))).status).toBe(503);

      disk.capacityBytes = Number.POSITIVE_INFINITY;
      await until(isReady, { what: 'it recovers' });
      expect((await finish(send(true))).fault).toBeNull();
    },
  );
});
