import { readSettings } from './settings';

const through = (env: Record<string, string>, address: string) => {
  const proxy = readSettings(env).proxyFor?.(new URL(address));
  return proxy && `${proxy.protocol}//${proxy.hostname}:${proxy.port}`;
};
const both = { HTTPS_PROXY: 'http://secure:3128', HTTP_PROXY: 'http://plain:3128' };

test('without variables, or with empty ones, there is no proxy', () => {
  expect(readSettings({}).proxyFor).toBeUndefined();
  expect(readSettings({ HTTPS_PROXY: '', NO_PROXY: '' }).proxyFor).toBeUndefined();
});

test('each scheme has its variable; lower case is read too, and wins', () => {
  expect(through(both, 'https://api.example.com')).toBe('http://secure:3128');
  expect(through(both, 'http://api.example.com')).toBe('http://plain:3128');
  expect(through({ HTTPS_PROXY: 'http://secure:3128' }, 'http://api.example.com')).toBeUndefined();
  expect(through({ https_proxy: 'http://small:1' }, 'https://api.example.com')).toBe('http://small:1');
  expect(through({ ...both, https_proxy: 'http://small:1' }, 'https://api.example.com')).toBe('http://small:1');
  expect(through({ ...both, no_proxy: 'example.com' }, 'https://api.example.com')).toBeUndefined();
});

test.each([
  ['proxy.corp:3128', 'http://proxy.corp:3128'],
  ['http://proxy.corp', 'http://proxy.corp:80'],
  ['https://proxy.corp', 'https://proxy.corp:443'],
  ['http://[fd00::1]:3128/', 'http://fd00::1:3128'],
])('%s is a proxy', (HTTPS_PROXY, shown) => {
  expect(through({ HTTPS_PROXY }, 'https://api.example.com')).toBe(shown);
});

test('user and password are decoded', () => {
  const { proxyFor } = readSettings({ HTTPS_PROXY: 'http://ada:p%40ss%2F@proxy.corp:3128' });
  expect(proxyFor?.(new URL('https://api.example.com'))?.credentials).toEqual({ username: 'ada', password: 'p@ss/' });
});

test.each(['socks5://proxy.corp:1080', 'http://proxy.corp/path', 'http://a:%ff@proxy.corp', 'not a host'])(
  '%s is refused without being quoted',
  (HTTPS_PROXY) => {
    const read = () => readSettings({ HTTPS_PROXY });
    expect(read).toThrow(/^HTTPS_PROXY is not the address of an HTTP proxy: write it as http:/);
    expect(read).not.toThrow(HTTPS_PROXY);
  },
);

test.each([
  ['example.com', 'https://example.com', true],
  ['example.com', 'https://api.example.com', true],
  ['example.com', 'https://badexample.com', false],
  ['.example.com', 'https://example.com', true],
  ['*.Example.com', 'https://api.example.COM', true],
  ['other.org, example.com', 'https://example.com', true],
  ['other.org example.com', 'https://example.com', true],
  ['example.com:8443', 'https://example.com:8443', true],
  ['example.com:8443', 'https://example.com', false],
  ['example.com:443', 'https://example.com', true],
  ['example.com', 'https://example.com.', true],
  ['bücher.example', 'https://xn--bcher-kva.example', true],
  ['*', 'https://example.com', true],
  ['10.1.2.3', 'https://10.1.2.3', true],
  ['10.1.2.3', 'https://10.1.2.30', false],
  ['2.3', 'https://1.2.3.4', false],
  ['10.0.0.0/8', 'https://10.200.0.1:8443', true],
  ['10.0.0.0/8', 'https://11.0.0.1', false],
  ['10.0.0.0/8', 'https://example.com', false],
  ['fd00::/8', 'https://[fd12::1]', true],
  ['[fd12::1]:443', 'https://[fd12:0::1]', true],
  ['fd12::1', 'https://[fd12::2]', false],
])('NO_PROXY=%s: %s is reached directly: %s', (NO_PROXY, address, direct) => {
  expect(through({ ...both, NO_PROXY }, address) === undefined).toBe(direct);
});

test.each(['10.0.0.0/33', 'fd00::/129', 'a b/8', 'ex ample:x:y'])('NO_PROXY=%s names no host', (NO_PROXY) => {
  expect(() => readSettings({ ...both, NO_PROXY })).toThrow(/^NO_PROXY has an entry that names no host/);
});

test.each(['https://localhost', 'http://127.0.0.1:8080', 'https://127.8.8.8', 'https://[::1]', 'http://api.localhost'])(
  '%s is this machine, which no proxy is asked for',
  (address) => expect(through(both, address)).toBeUndefined(),
);
