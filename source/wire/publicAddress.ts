import { lookup as resolve } from 'node:dns';
import { BlockList, isIP, isIPv6 } from 'node:net';

/** An address inside of a network, or of this machine: no source's document comes from there. `message` names the host only. */
export class PrivateAddress extends Error {}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

const inside = new BlockList();
// https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-special-registry
for (const [net, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  inside.addSubnet(net, prefix, 'ipv4');
for (const [net, prefix] of [
  ['::', 128],
  ['64:ff9b:1::', 48],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const)
  inside.addSubnet(net, prefix, 'ipv6');

/** Whether an IP address may be asked for a document. `besideUs`: the API itself is on this machine, as a simulator is, so its storage may be too. */
function mayAsk(address: string, besideUs: boolean): boolean {
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (loopback.check(address, family)) return besideUs;
  return !inside.check(address, family);
}

/** Whether the host of an API is this machine. */
export function isThisMachine({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || (isIP(host) !== 0 && loopback.check(host, isIPv6(host) ? 'ipv6' : 'ipv4'));
}

/** Throws PrivateAddress where an address names a private IP itself. What a name resolves to is judged by `publicLookup`. */
export function assertPublic({ hostname }: URL, besideUs: boolean): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !mayAsk(host, besideUs)) throw new PrivateAddress(host);
}

interface Resolved {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Resolves names for a connection, and refuses those with a private address: judged at the address that is then connected to. */
export function publicLookup(besideUs: boolean) {
  return (hostname: string, options: object, done: (error: Error | null, addresses: Resolved[]) => void): void => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) done(error, []);
      else if (addresses.some(({ address }) => !mayAsk(address, besideUs))) done(new PrivateAddress(hostname), []);
      else
        done(
          null,
          addresses.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 })),
        );
    });
  };
}
