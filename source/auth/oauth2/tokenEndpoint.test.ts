import { json } from '../../../test/support/sources/httpSource';
import type { TokenSource } from '../../../test/support/sources/tokenSource';
import { tokenWorld } from '../../../test/support/tokenWorld';

const world = tokenWorld();

describe('a token endpoint that', () => {
  const cases: [string, (response: Parameters<TokenSource['instead'][number]>[0]) => void, string, RegExp][] = [
    ['answers 500', (response) => json(response, { oops: true }, 500), 'SourceUnavailable', /answered 500/],
    ['answers a web page', (response) => html(response, 200), 'ContractBroken', /200 with a web page/],
    ['answers a web page with 503', (response) => html(response, 503), 'SourceUnavailable', /answered 503/],
    [
      'answers 200 with an error',
      (r) => json(r, { error: 'invalid_scope' }),
      'ContractBroken',
      /error 'invalid_scope'/,
    ],
    ['answers no token', (r) => json(r, { token: 'leak-7' }), 'ContractBroken', /no token.*fields are token/],
    ['redirects', (r) => json(r, '', 302, { Location: 'https://evil.example/' }), 'ContractBroken', /answered 302/],
    ['breaks off', (response) => void response.destroy(), 'SourceUnavailable', /failed/],
    ['answers 401', (response) => json(response, 'who?', 401), 'CredentialsRefused', /answered 401/],
    ['cuts its body', (r) => json(r, '{"access_token":"leak-7'), 'ContractBroken', /no JSON object/],
    ['says wait', (r) => json(r, '', 429, { 'Retry-After': '77' }), 'SourceAsksToWait', /retries in 77 s/],
    ['issues what no header can hold', (r) => json(r, { access_token: 'leak-7 ü' }), 'ContractBroken', /no header/],
  ];

  test.each(cases)('%s fails the request with a sentence, and marks nothing', async (_, instead, type, message) => {
    world.source.instead.push(instead);
    const failing = await world.worker();
    await expect(failing.read()).rejects.toMatchObject({ type, message: expect.stringMatching(message) });
    await expect(failing.read()).resolves.toBe(1);
    expect(await world.needs()).toBeNull();
    expect((await world.row()).lease_until).toBeNull();
  });

  test('says wait stops all workers', async () => {
    world.source.instead.push((response) => json(response, '', 429, { 'Retry-After': '77' }));
    const failing = await world.worker();
    await expect(failing.read()).rejects.toMatchObject({ retryAfterMs: 77_000 });
    expect(failing.budget.blocked).toEqual([77_000]);
  });

  test.each<[unknown, number | null]>([
    ['3600', 3600],
    [3600.5, 3600.5],
    [undefined, null],
    [null, null],
    ['soon', null],
    [0, null],
    [-5, null],
    [1e300, 10 * 365 * 86_400],
  ])('says that a token lives for %p seconds', async (expiresIn, seconds) => {
    world.source.expiresIn = expiresIn;
    expect(await (await world.worker()).read()).toBe(1);
    const { issued_at: issued, expires_at: expires } = await world.row();
    if (seconds === null) expect(expires).toBeNull();
    else expect(Math.abs(((expires?.getTime() ?? Number.NaN) - issued.getTime()) / 1000 - seconds)).toBeLessThan(5);
    expect(await (await world.worker()).read()).toBe(1);
    expect(world.source.asked).toHaveLength(1);
  });

  test('fails while the token is still valid: it is used until it expires', async () => {
    await (await world.worker()).read();
    await world.age(3600 - 30);
    world.source.instead.push((response) => json(response, {}, 503));
    expect(await (await world.worker()).read()).toBe(1);
    expect(world.source.asked).toHaveLength(2);
  });
});

function html(response: Parameters<TokenSource['instead'][number]>[0], status: number): void {
  response.writeHead(status, { 'Content-Type': 'text/html' }).end('<html><body>Sign in</body></html>');
}
