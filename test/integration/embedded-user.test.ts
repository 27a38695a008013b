import { chmodSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, type Holder, type HolderOptions, startHolder } from '../support/data-dir-holding.ts';

/** Of `nobody` on every Linux. Only root can start processes of another user. */
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

let parent: string;
let dataDir: string;
const holders: Holder[] = [];

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'sluice-user-'));
  chmodSync(parent, 0o777);
  dataDir = join(parent, 'data');
});
afterEach(async () => {
  await Promise.all(holders.splice(0).map((holder) => holder.end()));
  rmSync(parent, { recursive: true });
});

async function run(options: Omit<HolderOptions, 'what'>): Promise<Answer> {
  const holder = await startHolder(dataDir, { what: 'postgres', ...options });
  if ('pid' in holder.answer) holders.push(holder);
  return holder.answer;
}

/** A PATH on which unshare(1) is not: what a system that forbids user namespaces comes to. */
function withoutNamespaces(): NodeJS.ProcessEnv {
  for (const name of ['sh', 'tr', 'sleep']) symlinkSync(`/bin/${name}`, join(parent, name), 'file');
  return { ...process.env, PATH: parent };
}

const ownerOf = (pid: number | null): number => statSync(`/proc/${pid}`).uid;
const postgresPid = (answer: Answer): number | null => ('pid' in answer ? answer.postgresPid : null);

describe.runIf(isRoot)('embedded Postgres runs', () => {
  it('as the ordinary user who started the gateway', async () => {
    const answer = await run({ uid: NOBODY, gid: NOBODY });
    expect(ownerOf(postgresPid(answer))).toBe(NOBODY);
  });

  it('as a user whom /etc/passwd does not list, as in many containers', async () => {
    const answer = await run({ uid: 54_321, gid: 54_321, env: { ...process.env, HOME: parent } });
    expect(ownerOf(postgresPid(answer))).toBe(54_321);
  });

  it('as an unprivileged user when root may make no namespace, and again later when it may', async () => {
    const answer = await run({ env: withoutNamespaces() });
    expect(ownerOf(postgresPid(answer))).toBe(NOBODY);
    await holders.pop()?.end();
    expect(ownerOf(postgresPid(await run({})))).toBe(NOBODY);
  });

  it('as an unprivileged user on a cluster that root made in a namespace', async () => {
    await run({});
    await holders.pop()?.end();
    expect(statSync(join(dataDir, 'postgres', 'base')).uid).toBe(0);
    const answer = await run({ env: withoutNamespaces() });
    expect(ownerOf(postgresPid(answer))).toBe(NOBODY);
    expect(statSync(join(dataDir, 'postgres', 'base')).uid).toBe(NOBODY);
  });

  it('not where the unprivileged user cannot come, and says which folder is closed', async () => {
    const env = withoutNamespaces();
    chmodSync(parent, 0o700);
    expect(await run({ env })).toEqual({ refused: expect.stringContaining(`cannot pass through ${parent}`) });
  });
});
