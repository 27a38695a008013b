import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anthropicMessages } from '../../src/protocols/anthropic-messages/index.ts';
import { openaiChat } from '../../src/protocols/openai-chat/index.ts';
import type { Protocol } from '../../src/protocols/protocol.ts';
import { nonce } from '../support/canary.ts';
import { type Caller, faultOf, sendChat } from '../support/chat-client.ts';
import { toChecked } from '../support/checked-row.ts';
import { Checker } from '../support/checker.ts';
import { configText } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { anthropicError } from '../support/fake-upstream-anthropic.ts';
import { openaiError } from '../support/fake-upstream-openai.ts';
import { wait } from '../support/fake-upstream-steps.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type ProductDatabase, productDatabase } from '../support/product-database.ts';
import { gate, until, within } from '../support/wait.ts';

const SECRET_OF_THE_STACK = 'a word that only the log may hold';

let upstream: FakeUpstream;
let checker: Checker;

const config = () =>
  configText(
    [
      { name: 'lab', protocol: 'openai-chat', port: upstream.port },
      { name: 'other', protocol: 'anthropic-messages', port: upstream.port },
    ],
    [
      { name: 'fast', targets: ['lab/gpt-fake'] },
      { name: 'crossed', targets: ['other/claude-fake'] },
    ],
  );

describe('P09 a translator that throws', () => {
  let gateway: TestGateway;
  const failuresOutside: unknown[] = [];
  const note = (error: unknown) => failuresOutside.push(error);

  beforeEach(async () => {
    upstream = await startEchoUpstream();
    checker = new Checker();
    gateway = await startGateway({ config: config() });
    failuresOutside.length = 0;
    process.on('uncaughtException', note);
    process.on('unhandledRejection', note);
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
    await gateway.close();
    await upstream.close();
  });

  const boom = (): never => {
    throw new TypeError(SECRET_OF_THE_STACK);
  };
  type Part =
    | 'readRequest'
    | 'writeRequest'
    | 'readResponse'
    | 'readError'
    | 'writeError'
    | 'streamReader'
    | 'writeResponse'
    | 'streamWriter'
    | 'rewriteRequest'
    | 'inspectResponse'
    | 'inspect';
  /** From now on that function throws, or for a reader or writer of streams, its methods. */
  function sabotage(protocol: Protocol, part: Part): void {
    const { streamWriter } = protocol;
    if (part === 'streamReader') {
      vi.spyOn(protocol, part).mockReturnValue({ push: boom, isComplete: false });
    } else if (part === 'streamWriter') {
      vi.spyOn(protocol, part).mockImplementation((context) => {
        const writer = streamWriter(context);
        return { write: boom, end: boom, error: (error) => writer.error(error) };
      });
    } else vi.spyOn(protocol, part).mockImplementation(boom);
  }

  async function call(model: string, isStream: boolean, caller: Caller = 'openai-chat') {
    const word = nonce();
    const { seen } = sendChat({ port: gateway.port, model, isStream, word, caller });
    const { response } = await within(seen, { what: `the end of a call to ${model}` });
    checker.http(word, response);
    return response;
  }

  it.each([
    ['the reader of requests', openaiChat, 'readRequest', 'crossed', false],
    ['the writer of requests', anthropicMessages, 'writeRequest', 'crossed', false],
    ['the reader of answers', anthropicMessages, 'readResponse', 'crossed', false],
    ['the writer of answers', openaiChat, 'writeResponse', 'crossed', false],
    ['the reader of streams', anthropicMessages, 'streamReader', 'crossed', true],
    ['the writer of streams', openaiChat, 'streamWriter', 'crossed', true],
    ['the reader of errors', anthropicMessages, 'readError', 'crossed', false],
    ['the rewriting of requests', openaiChat, 'rewriteRequest', 'fast', false],
    ['the look at answers', openaiChat, 'inspectResponse', 'fast', false],
    ['the look at events', openaiChat, 'inspect', 'fast', true],
  ] as const)(
    'P09 %s: that call fails as internal, and the process goes on',
    async (_what, protocol, part, model, isStream) => {
      sabotage(protocol, part);
      if (part === 'readError') upstream.answerNext(anthropicError(500, 'api_error', 'no'));
      const response = await call(model, isStream);
      const text = response?.body.toString() ?? '';
      expect(text).not.toContain(SECRET_OF_THE_STACK);
      expect(text).not.toContain('TypeError');
      expect(text).toContain('"code":"internal"');
      if (response?.status === 200) expect(response.isComplete).toBe(false);
      else expect(response?.status).toBe(500);
      vi.restoreAllMocks();

      expect(await call(model, isStream).then((next) => next && faultOf(next))).toBeNull();
      expect(failuresOutside).toEqual([]);
      expect(gateway.gateway.callsInFlight).toBe(0);
      expect(gateway.logs.lines.join('\n')).toContain(SECRET_OF_THE_STACK);
      const rows = await gateway.rows();
      expect(rows.map((row) => row.error_code)).toEqual(['internal', null]);
      await checker.verify({
        rows: async () => rows.map(toChecked),
        upstreams: [upstream],
      });
    },
  );

  it('P09 the writer of errors: the connection is closed, and the process goes on', async () => {
    sabotage(openaiChat, 'writeError');
    upstream.answerNext(openaiError(400, 'no'));
    expect(await call('fast', false)).toBeNull();
    vi.restoreAllMocks();
    expect(await call('fast', false).then((next) => next && faultOf(next))).toBeNull();
    expect(failuresOutside).toEqual([]);
    expect(gateway.logs.lines.join('\n')).toContain(SECRET_OF_THE_STACK);
    await checker.verify({
      rows: async () => (await gateway.rows()).map(toChecked),
      upstreams: [upstream],
    });
  });
});

describe('P09 a failure outside of any call', () => {
  let database: ProductDatabase;
  let product: Product;
  const opened = gate();

  beforeEach(async () => {
    upstream = await startEchoUpstream({ before: (index) => (index === 2 ? wait(opened) : undefined) });
    checker = new Checker();
    database = await productDatabase();
  });
  afterEach(async () => {
    await product.dispose();
    await database.close();
    await upstream.close();
  });

  /** Code that the program does not know of: it throws in a turn of its own when the signal comes. */
  const bomb = (statement: string) =>
    `data:text/javascript,process.on('SIGUSR2',()=>setImmediate(()=>{${statement}}))`;

  const start = async (statement: string, env: Readonly<Record<string, string>> = {}) => {
    product = await startProduct({
      nodeArguments: ['--import', bomb(statement)],
      env: { DATABASE_URL: database.url(), ...env },
      config: config(),
    });
  };

  it.each([
    ['an exception', `throw new Error('outside')`],
    ['a rejection', `Promise.reject(new Error('outside'))`],
  ])('P09 %s: it is logged, running calls finish, and the exit code is not 0', async (_what, statement) => {
    await start(statement);
    const word = nonce();
    const stream = sendChat({ port: product.port, model: 'fast', isStream: true, word });
    await stream.begun;
    product.child.kill('SIGUSR2');
    await until(() => product.output().includes('failure outside of a call'), { what: 'the log line' });
    expect(product.output()).toContain('Error: outside');
    opened.open();
    const { response } = await within(stream.seen, { what: 'the end of the stream' });
    expect(response === null ? 'no answer' : faultOf(response)).toBeNull();
    checker.http(word, response);
    expect(await within(product.exited, { what: 'the exit', deadlineMs: 10_000 })).toBe(1);
    await checker.verify({ rows: database.checkedRows, upstreams: [upstream], logs: product.logs() });
  });
});
