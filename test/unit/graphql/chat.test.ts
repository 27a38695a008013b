import { describe, expect, it } from 'vitest';
import { completeChat, streamChat } from '../../../src/graphql/chat.ts';
import type { ChatInputValue } from '../../../src/graphql/chat-input.ts';
import type { CallerContext } from '../../../src/graphql/context.ts';
import { LIMITS } from '../../../src/limits.ts';
import { createSnapshot } from '../../../src/tenancy/snapshot.ts';
import { FakeInvoke, onlyChats } from '../../support/fake-invoke.ts';

const input: ChatInputValue = { model: 'fast-chat', messages: [{ role: 'user', content: 'Hello' }] };

function contextOf(fake: FakeInvoke, signal: AbortSignal): CallerContext {
  return {
    invoke: fake.invoke,
    operate: onlyChats,
    db: null as never, // no resolver of a chat reads from it
    limits: LIMITS,
    identity: { tenantId: 't', applicationId: 'a', keyId: 'k', isAdmin: false },
    snapshot: createSnapshot({}),
    signal,
    noteCall: () => {},
  };
}

describe.each([
  ['completeChat', async (context: CallerContext) => completeChat(input, context)],
  ['streamChat', async (context: CallerContext) => streamChat(input, context)],
])('%s', (_name, chat) => {
  it('starts no call for a caller who has already left', async () => {
    const fake = new FakeInvoke();
    const context = contextOf(fake, AbortSignal.abort());
    await expect(chat(context)).rejects.toMatchObject({ code: 'client_closed_request' });
    expect(fake.calls).toHaveLength(0);
  });

  it('tells of its call before anything of the answer', async () => {
    const fake = new FakeInvoke();
    const noted: string[] = [];
    const context = {
      ...contextOf(fake, new AbortController().signal),
      noteCall: (id: string) => noted.push(id),
    };
    void chat(context);
    expect(noted).toEqual([fake.calls[0]?.callId]);
  });
});
