import { rootCertificates } from 'node:tls';
import { Client } from 'undici';
import { describe, expect, it } from 'vitest';
import { acceptAfter, startFakeUpstream } from '../../support/fake-upstream.ts';
import { blackHole, refusing } from '../../support/fake-upstream-address.ts';
import { type Certificate, createCertificate } from '../../support/fake-upstream-certificate.ts';
import { json } from '../../support/fake-upstream-steps.ts';
import { connectRaw, rawRequest } from '../../support/raw-client.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

async function requestFails(origin: string, connectOptions: object): Promise<unknown> {
  const client = new Client(origin, { connect: connectOptions });
  try {
    await client.request({ method: 'GET', path: '/' });
    return null;
  } catch (error) {
    return (error as { code?: string }).code;
  } finally {
    await client.destroy();
  }
}

describe('refusing', () => {
  it('refuses connects', async () => {
    const { port } = await refusing();
    await expect(connectRaw({ port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('blackHole', () => {
  it('hangs a connect until its own timeout, and again', async () => {
    const hole = await blackHole();
    const origin = `http://127.0.0.1:${hole.port}`;
    const startedAtMs = performance.now();
    expect(await requestFails(origin, { timeout: 700 })).toBe('UND_ERR_CONNECT_TIMEOUT');
    expect(performance.now() - startedAtMs).toBeGreaterThan(600);
    expect(await requestFails(origin, { timeout: 700 })).toBe('UND_ERR_CONNECT_TIMEOUT');
    await hole.close();
  });
});

describe('a fake upstream with TLS', () => {
  const authority = createCertificate({ isAuthority: true });
  const codeFor = async (certificate: Certificate) => {
    const upstream = await startFakeUpstream({ tls: certificate, answer: json({}) });
    const code = await requestFails(upstream.origin, { ca: [...rootCertificates, authority.cert] });
    await upstream.close();
    return code;
  };

  it('is trusted with a good certificate of a known authority', async () => {
    expect(await codeFor(createCertificate({ issuer: authority }))).toBeNull();
  });

  it('shows an expired certificate', async () => {
    const notAfter = new Date(Date.now() - DAY_MS);
    const notBefore = new Date(Date.now() - 2 * DAY_MS);
    const expired = createCertificate({ issuer: authority, notAfter, notBefore });
    expect(await codeFor(expired)).toBe('CERT_HAS_EXPIRED');
  });

  it('shows a certificate for another name', async () => {
    const wrong = createCertificate({ issuer: authority, names: ['elsewhere.test'] });
    expect(await codeFor(wrong)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  });

  it('shows a self-signed certificate', async () => {
    expect(await codeFor(createCertificate())).toBe('DEPTH_ZERO_SELF_SIGNED_CERT');
  });

  it('speaks with the raw client, and notes a handshake that the client broke off', async () => {
    const upstream = await startFakeUpstream({ tls: createCertificate(), answer: json({ ok: true }) });
    const client = await connectRaw({ port: upstream.port, tls: { rejectUnauthorized: false } });
    await client.send(rawRequest('GET', '/'));
    expect((await client.response()).body.toString()).toBe('{"ok":true}');
    client.reset();
    expect(await (await upstream.seen()).peerClosed).toBeGreaterThan(0);
    await upstream.close();
  });

  it('stalls the handshake', async () => {
    const upstream = await startFakeUpstream({
      tls: createCertificate(),
      onConnection: acceptAfter(new Promise(() => {})),
    });
    expect(await requestFails(upstream.origin, { timeout: 700 })).toBe('UND_ERR_CONNECT_TIMEOUT');
    await upstream.close();
  });
});
