/**
 * Keeps a tenant's connection away from the operator's own network.
 *
 * Decides on addresses, not on names: a name is resolved once, every address that it has must be public, and
 * the socket connects to one of exactly these. What is not public: loopback, private, link-local (cloud
 * metadata), carrier-grade NAT, multicast, reserved, and the IPv6 forms that embed an IPv4 address (mapped ones are judged as the IPv4 address they hold).
 * The operator's `network.allowPrivate` lists exceptions. Connections of the operator are not guarded.
 */
import type { LookupAddress } from 'node:dns';
import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { CallError } from '../errors.ts';

/** IANA special-purpose address registries (RFC 6890 and its updates). */
const SPECIAL_V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
const SPECIAL_V6 = [
  '::/128',
  '::1/128',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '100::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
];

/** Ports of services that speak line protocols and could be driven by an HTTP body. */
const REFUSED_PORTS = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 79, 95, 101, 110, 111, 113, 119, 123,
  135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 532, 540, 548, 554, 556, 563,
  587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 2375, 2379, 3306, 3659, 4045, 4190, 5060, 5061,
  5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 9200, 10080, 11211, 27017,
]);

export interface AddressGuard {
  /** The allowed blocks, as text: guards with the same ones decide alike. */
  readonly exceptions: string;
  /** Why this base URL may not be registered or called, or null. Does no I/O: names are checked at connect. */
  refuseUrl(baseUrl: string): string | null;
  /** `lookup` for `net.connect`: yields only allowed addresses, and none if any of them is not allowed. */
  readonly lookup: LookupFunction;
}

/** @param allowPrivate CIDR blocks (`10.1.0.0/16`) whose addresses are allowed although they are special. */
export function createAddressGuard(
  allowPrivate: readonly string[],
  lookup: typeof systemLookup = systemLookup,
): AddressGuard {
  const special = blockList([...SPECIAL_V4, ...SPECIAL_V6]);
  const allowed = blockList(allowPrivate);
  const isAllowed = (address: string): boolean => {
    const plain = embeddedV4(address) ?? address;
    const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
    return allowed.check(plain, family) || !special.check(plain, family);
  };
  return {
    exceptions: allowPrivate.join(','),
    refuseUrl: (baseUrl) => refuseUrl(baseUrl, isAllowed),
    lookup: (hostname, options, done) => {
      lookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
        if (error !== null) return done(error, '', 0);
        const refused = addresses.find((entry) => !isAllowed(entry.address));
        const first = addresses[0];
        if (refused !== undefined || first === undefined) return done(addressRefused(hostname), '', 0);
        if (options.all === true) return done(null, addresses);
        done(null, first.address, first.family);
      });
    },
  };
}

function refuseUrl(baseUrl: string, isAllowed: (address: string) => boolean): string | null {
  if (!URL.canParse(baseUrl)) return 'is not a URL';
  const url = new URL(baseUrl);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'must be http or https';
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or password';
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  if (host === 'localhost' || host.endsWith('.localhost')) {
    if (!isAllowed('127.0.0.1')) return 'points to a private address';
  } else if (isIP(host) !== 0 && !isAllowed(host)) return 'points to a private address';
  const port = url.port === '' ? null : Number(url.port);
  if (port !== null && REFUSED_PORTS.has(port)) return `uses port ${port}, which is not an HTTP port`;
  return null;
}

/** The IPv4 address inside an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2), in either spelling. */
function embeddedV4(address: string): string | null {
  const mapped = /^::ffff:(?:(\d+\.\d+\.\d+\.\d+)|([0-9a-f]{1,4}):([0-9a-f]{1,4}))$/i.exec(address);
  if (mapped === null) return null;
  if (mapped[1] !== undefined) return mapped[1];
  const high = Number.parseInt(mapped[2] ?? '0', 16);
  const low = Number.parseInt(mapped[3] ?? '0', 16);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function blockList(blocks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const block of blocks) {
    const [network = '', prefix] = block.split('/');
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(network, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family);
  }
  return list;
}

function addressRefused(hostname: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${hostname} resolves to an address that is not allowed`, {
    cause: new CallError('upstream_address_refused'),
  });
  error.code = 'SLUICE_ADDRESS_REFUSED';
  return error;
}
