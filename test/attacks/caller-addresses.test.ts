import { describe, expect, it } from 'vitest';
import { useAddressRig } from '../support/address-rig.ts';
import { openaiError } from '../support/fake-upstream-openai.ts';
import { respond } from '../support/fake-upstream-steps.ts';

const rig = useAddressRig();

describe('where a caller wants its call to go', () => {
  it.each([
    'api_base',
    'base_url',
    'baseUrl',
    'apiBase',
    'custom_host',
    'api_key',
    'host',
    'endpoint',
    'proxy',
  ])(
    'S01 the field %s changes nothing: the call goes to the registered address with the registered key',
    async (field) => {
      const { status } = await rig.chat({
        body: { [field]: field === 'api_key' ? 'sk-attacker' : rig.evilUrl },
      });
      expect(status).toBe(200);
      expect(rig.lab.requests.map(({ headers }) => [headers['host'], headers['authorization']])).toEqual([
        [`127.0.0.1:${rig.lab.port}`, `Bearer ${rig.labKey}`],
      ]);
      await rig.verify();
    },
  );

  it.each([
    'x-portkey-custom-host',
    'x-api-base',
    'x-base-url',
    'x-forwarded-host',
    'x-original-url',
    'x-rewrite-url',
    'helicone-target-url',
    'x-upstream',
    'forwarded',
    'x-sluice-base-url',
    'openai-organization',
    'x-goog-user-project',
  ])('S01 the header %s reaches no upstream', async (name) => {
    expect((await rig.chat({ headers: { [name]: rig.evilUrl } })).status).toBe(200);
    expect(rig.lab.requests).toHaveLength(1);
    expect(rig.lab.requests[0]?.rawHead).not.toContain(String(rig.evil.port));
    await rig.verify();
  });

  it('S01 a second credential, a hop-by-hop name and a header of our own replace nothing', async () => {
    const headers = {
      ...{ 'x-api-key': 'sk-attacker', 'api-key': 'sk-attacker', connection: 'authorization, host' },
      ...{ 'user-agent': 'evil', 'accept-encoding': 'gzip', 'x-sluice-call-id': 'evil' },
    };
    const response = await rig.chat({ headers });
    expect(response.status).toBe(200);
    expect(response.headers['x-sluice-call-id']).not.toBe('evil');
    const sent = rig.lab.requests[0]?.headers ?? {};
    expect(sent).toMatchObject({ authorization: `Bearer ${rig.labKey}`, 'accept-encoding': 'identity' });
    expect(JSON.stringify(sent)).not.toContain('attacker');
    expect(JSON.stringify(sent)).not.toContain('evil');
    await rig.verify();
  });

  it.each([
    ['a URL', () => rig.evilUrl],
    ['a URL with a model', () => `${rig.evilUrl}/gpt-4`],
    ['a URL without its scheme', () => `//127.0.0.1:${rig.evil.port}/v1`],
    ['a connection as user of a host', () => `lab@127.0.0.1:${rig.evil.port}/x`],
    ['a provider before a URL', () => 'custom/http://169.254.169.254/latest'],
  ])('S01 %s as model is not found', async (_what, model) => {
    expect((await rig.chat({ body: { model: model() } })).status).toBe(404);
    await rig.verify();
  });

  it('S01 a URL as the model of a connection is no more than a name to it', async () => {
    const model = `../../${rig.evilUrl}?x=#y`;
    expect((await rig.chat({ body: { model: `lab/${model}` } })).status).toBe(200);
    expect(rig.lab.requests.map((each) => [each.path, each.json()['model']])).toEqual([
      ['/v1/chat/completions', model],
    ]);
    await rig.verify();
  });

  it('S01 a failover sends each key to its own origin only', async () => {
    rig.lab.answerNext(openaiError(503, 'down'));
    expect((await rig.chat()).status).toBe(200);
    expect(rig.lab.requests.map(({ headers }) => headers['authorization'])).toEqual([`Bearer ${rig.labKey}`]);
    expect(rig.spare.requests.map(({ headers }) => headers['x-api-key'])).toEqual([rig.spareKey]);
    expect(rig.spare.requests[0]?.headers['authorization']).toBeUndefined();
    await rig.verify();
  });

  it.each([301, 302, 303, 307, 308])('S04 a redirect with %i is not followed', async (status) => {
    for (const upstream of [rig.lab, rig.spare]) {
      upstream.answerNext(respond(status, { location: rig.evilUrl, 'content-length': '0' }));
    }
    const response = await rig.chat();
    expect(response.status).toBe(502);
    expect(JSON.stringify(response.headers) + response.body).not.toContain(String(rig.evil.port));
    await rig.verify();
  });
});
