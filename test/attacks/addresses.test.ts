import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import { createAddressGuard } from '../../src/upstream/address-guard.ts';

const REFUSED = [
  'http://127.0.0.1/v1',
  'http://[::1]/v1',
  'http://0.0.0.0/v1',
  'http://169.254.169.254/latest/meta-data',
  'http://[fd00::1]/v1',
  'http://[fe80::1]/v1',
  'http://[::ffff:10.0.0.1]/v1',
  'http://[::ffff:0a00:0001]/v1',
  'http://[64:ff9b::a00:1]/v1',
  'http://[2002:a00:1::]/v1',
  'http://2130706433/v1',
  'http://0x7f.1/v1',
  'http://0177.0.0.1/v1',
  'http://127.1/v1',
  'http://127。0。0。1/v1',
  'http://localhost/v1',
  'http://a.localhost:8080/v1',
  'http://10.1.2.3/v1',
  'http://172.16.0.1/v1',
  'http://192.168.1.1/v1',
  'http://100.64.0.1/v1',
  'http://224.0.0.1/v1',
  'http://user@api.example.com/v1',
  'https://user:word@api.example.com/v1',
  'https://api.example.com:22/v1',
  'https://api.example.com:25/v1',
  'https://api.example.com:6379/v1',
  'ftp://api.example.com/v1',
  'file:///etc/passwd',
  'not a url',
];

const ALLOWED = ['https://api.openai.com/v1', 'http://8.8.8.8:8000/v1', 'https://[2606:4700::1111]/v1'];

function lookupThatFinds(addresses: LookupAddress[]) {
  const lookup = (_name: string, _options: unknown, done: (error: null, found: LookupAddress[]) => void) =>
    done(null, addresses);
  return lookup as unknown as typeof import('node:dns').lookup;
}

function resolve(addresses: string[], allowPrivate: string[] = []): Promise<string | Error> {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  const guard = createAddressGuard(allowPrivate, lookupThatFinds(found));
  return new Promise((done) => {
    guard.lookup('upstream.example', { all: true }, (error, result) => {
      done(error ?? (result as LookupAddress[]).map((entry) => entry.address).join(','));
    });
  });
}

describe('addresses of tenants’ connections', () => {
  const guard = createAddressGuard([]);

  it.each(REFUSED)('S02 refuses %s', (url) => {
    expect(guard.refuseUrl(url)).not.toBeNull();
  });

  it.each(ALLOWED)('S02 takes %s', (url) => {
    expect(guard.refuseUrl(url)).toBeNull();
  });

  it('S02 takes a private address that the operator lists, and only that block', () => {
    const listed = createAddressGuard(['127.0.0.0/8']);
    expect(listed.refuseUrl('http://127.0.0.1:9002')).toBeNull();
    expect(listed.refuseUrl('http://[::ffff:127.0.0.1]:9002')).toBeNull();
    expect(listed.refuseUrl('http://10.0.0.1')).not.toBeNull();
  });

  it('S03 refuses at connect a name that resolves to a private address', async () => {
    expect(await resolve(['10.0.0.7'])).toMatchObject({ code: 'SLUICE_ADDRESS_REFUSED' });
  });

  it('S03 refuses a name whose addresses are mixed, public first', async () => {
    expect(await resolve(['93.184.216.34', '127.0.0.1'])).toMatchObject({ code: 'SLUICE_ADDRESS_REFUSED' });
  });

  it('S03 refuses a name that resolves to an IPv4-mapped private address', async () => {
    expect(await resolve(['::ffff:192.168.0.1'])).toMatchObject({ code: 'SLUICE_ADDRESS_REFUSED' });
  });

  it('S03 hands exactly the checked addresses to the socket', async () => {
    expect(await resolve(['93.184.216.34', '2606:2800:220:1::1'])).toBe('93.184.216.34,2606:2800:220:1::1');
    expect(await resolve(['10.0.0.7'], ['10.0.0.0/8'])).toBe('10.0.0.7');
  });
});
