import { testConnector } from '../../../test/support/connector';
import { addressMistakes } from './addressRule';

/** A connector with a secret that is sent, and one that only verifies webhooks. */
const connector = testConnector();
const before = { baseUrl: 'https://api.example.com/v1' };
const secrets = Object.fromEntries(Object.keys(connector.secrets.shape).map((name) => [name, 'kept']));
const sent = Object.keys(secrets).filter((name) => name !== connector.webhooks?.signature.secret);

const mistakes = (baseUrl: string, kept = secrets, given: Record<string, string> = {}) =>
  addressMistakes(connector, { before, after: { baseUrl }, kept: { ...kept, token: 'kept' }, given });

test.each([
  ['https://ada:hunter2@api.example.com', /carries a user name or password/],
  ['https://hunter2@api.example.com', /carries a user name or password/],
  ['file:///etc/passwd', /neither http nor https/],
  ['gopher://api.example.com', /neither http nor https/],
  ['javascript:alert(1)', /neither http nor https/],
  ['data:text/plain,x', /neither http nor https/],
  ['nowhere', /not a URL/],
])('%s is refused', (baseUrl, why) => {
  const [mistake] = mistakes(baseUrl);
  expect(mistake).toMatch(/^settings\.baseUrl: /);
  expect(mistake).toMatch(why);
  expect(mistake).not.toContain('hunter2');
});

const withToken = {
  ...connector,
  secrets: connector.secrets.extend({ token: connector.secrets.shape[Object.keys(connector.secrets.shape)[0] ?? ''] }),
} as typeof connector;

test.each([
  'https://evil.example/v1',
  'http://api.example.com/v1',
  'https://api.example.com:8443/v1',
  'https://api.example.com.evil.example',
])('a stored secret is not sent to %s unless it is given again', (baseUrl) => {
  const change = { before, after: { baseUrl }, kept: { ...secrets, token: 'kept' } };
  expect(addressMistakes(withToken, { ...change, given: {} })).toContainEqual(
    expect.stringMatching(/^secrets\.token: missing\. baseUrl changes from https:\/\/api\.example\.com to /),
  );
  const given = { ...Object.fromEntries(sent.map((name) => [name, 'again'])), token: 'again' };
  expect(addressMistakes(withToken, { ...change, given })).toEqual([]);
});

test('another path of the same server, and a first address, need no secret again', () => {
  const kept = { ...secrets, token: 'kept' };
  expect(
    addressMistakes(withToken, { before, after: { baseUrl: 'https://api.example.com/v2' }, kept, given: {} }),
  ).toEqual([]);
  expect(addressMistakes(withToken, { before: {}, after: before, kept, given: {} })).toEqual([]);
});

test('the webhook secret, which is never sent, stays', () => {
  const name = connector.webhooks?.signature.secret ?? '';
  const change = { before, after: { baseUrl: 'https://evil.example' }, kept: { [name]: 'kept' }, given: {} };
  expect(addressMistakes(connector, change)).toEqual([]);
});
