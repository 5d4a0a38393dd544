import { BlockList, isIP } from 'node:net';
import { z } from 'zod';

/** An HTTP proxy through which requests to sources leave this network. */
export interface HttpProxy {
  readonly protocol: 'http:' | 'https:';
  /** an IPv6 address has no brackets */
  readonly hostname: string;
  readonly port: number;
  readonly credentials?: { readonly username: string; readonly password: string };
}

export interface ProxyFor {
  /** The proxy for an address; undefined: it is reached directly. */
  (url: URL): HttpProxy | undefined;
  /** users and passwords of all proxies, whatever is asked through them: no message may show one */
  readonly credentials: readonly string[];
}

/** What the environment says about proxies, checked. */
export interface ProxyVariables {
  /** for `https:` sources */
  readonly https?: HttpProxy | undefined;
  /** for `http:` sources */
  readonly http?: HttpProxy | undefined;
  readonly exceptions?: Exceptions | undefined;
}

/** Whether `NO_PROXY` names an address. */
export type Exceptions = (url: URL) => boolean;

const defaultPorts = { 'http:': 80, 'https:': 443 } as const;

/** `HTTPS_PROXY` and `HTTP_PROXY`: `http://user:password@proxy.example.com:3128`; as with curl, `http://` may be left out. */
export const httpProxy = z.string().transform((text, context): HttpProxy => {
  const proxy = parsedProxy(text.trim());
  if (proxy) return proxy;
  context.addIssue({
    code: 'custom',
    message: 'is not the address of an HTTP proxy: write it as http://proxy.example.com:3128',
  });
  return z.NEVER;
});

function parsedProxy(text: string): HttpProxy | undefined {
  const whole = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(whole)) return undefined;
  const { protocol, hostname, port, pathname, search, username, password } = new URL(whole);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  if (hostname === '' || pathname !== '/' || search !== '') return undefined;
  const credentials = decoded(username, password);
  if (credentials === undefined) return undefined;
  return {
    protocol,
    hostname: withoutBrackets(hostname),
    port: port === '' ? defaultPorts[protocol] : Number(port),
    ...(username === '' && password === '' ? {} : { credentials }),
  };
}

function decoded(username: string, password: string): HttpProxy['credentials'] | undefined {
  try {
    return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
  } catch {
    return undefined;
  }
}

/**
 * `NO_PROXY`: hosts that are reached directly, separated by commas or spaces. `example.com` and `.example.com` name the host and
 * everything below it, `10.0.0.0/8` a range of addresses, `example.com:8080` one port of it, `*` every host.
 */
export const noProxy = z.string().transform((text, context): Exceptions => {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const rules = words.map(exception);
  if (rules.every((rule) => rule !== undefined)) return (url) => rules.some((rule) => rule(url));
  context.addIssue({
    code: 'custom',
    message: "has an entry that names no host: write hosts and ranges, such as 'example.com,10.0.0.0/8'",
  });
  return z.NEVER;
});

function exception(word: string): Exceptions | undefined {
  if (word === '*') return () => true;
  const range = /^\[?([^/\]]+)\]?\/(\d{1,3})$/.exec(word);
  if (range) return inRange(range[1] ?? '', Number(range[2]));
  // an IPv6 address has colons of its own
  const [, host = '', port] = isIP(word) === 6 ? [word, word] : (/^(.+?)(?::(\d{1,5}))?$/.exec(word) ?? []);
  const named = hostOf(host.replace(/^\*?\./, ''));
  if (named === undefined) return undefined;
  const below = isIP(named) === 0 ? `.${named}` : undefined;
  return (url) => {
    if (port !== undefined && portOf(url) !== Number(port)) return false;
    const asked = hostname(url);
    return asked === named || (below !== undefined && asked.endsWith(below));
  };
}

function inRange(address: string, bits: number): Exceptions | undefined {
  const version = isIP(address);
  if (version === 0 || bits > (version === 4 ? 32 : 128)) return undefined;
  const list = new BlockList();
  list.addSubnet(address, bits, version === 4 ? 'ipv4' : 'ipv6');
  return (url) => contains(list, hostname(url));
}

/** A host as a URL writes it: lower case, punycode, an address in its short form. */
function hostOf(text: string): string | undefined {
  const address = isIP(text) === 6 ? `http://[${text}]` : `http://${text}`;
  return text !== '' && URL.canParse(address) ? hostname(new URL(address)) : undefined;
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * The rule that the variables make; undefined where there is no proxy. This machine itself is never asked through a proxy: to the proxy
 * `localhost` would be another machine.
 */
export function proxyRule({ https, http, exceptions }: ProxyVariables): ProxyFor | undefined {
  if (!https && !http) return undefined;
  const credentials = [https, http].flatMap((proxy) => Object.values(proxy?.credentials ?? {}));
  const rule = (url: URL) => {
    const host = hostname(url);
    if (host === 'localhost' || host.endsWith('.localhost') || contains(loopback, host)) return undefined;
    if (exceptions?.(url)) return undefined;
    return url.protocol === 'https:' ? https : http;
  };
  return Object.assign(rule, { credentials: [...new Set(credentials)] });
}

function contains(list: BlockList, host: string): boolean {
  const version = isIP(host);
  return version !== 0 && list.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

function hostname(url: URL): string {
  return withoutBrackets(url.hostname).replace(/\.$/, '');
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

function portOf({ protocol, port }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'https:' ? defaultPorts['https:'] : defaultPorts['http:'];
}
