import { createHmac } from 'node:crypto';
import { type WebhookSignatureInput, webhookSignature } from '../../schema/definition/webhooks';
import { signingKeys, verifySignature } from './signature';

const now = 1_760_000_000_000;

function verify(
  rules: WebhookSignatureInput,
  secret: string,
  headers: Record<string, string | string[]>,
  body: string | Buffer,
  at = now,
) {
  const parsed = webhookSignature.parse(rules);
  return verifySignature(parsed, signingKeys(parsed, secret), { headers, body: Buffer.from(body) }, at);
}

const hmac = (key: string | Buffer, text: string, encoding: 'hex' | 'base64' = 'hex', algorithm = 'sha256') =>
  createHmac(algorithm, key).update(text).digest(encoding);

describe('published vectors', () => {
  test("GitHub's X-Hub-Signature-256", () => {
    // https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
    const rules = { header: 'X-Hub-Signature-256', prefix: 'sha256=', secret: 's' };
    const header = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    const secret = "It's a Secret to Everybody";
    expect(verify(rules, secret, { 'x-hub-signature-256': header }, 'Hello, World!')).toBe('valid');
    expect(verify(rules, secret, { 'x-hub-signature-256': header }, 'Hello, World')).toBe('wrong');
    expect(verify(rules, secret, { 'x-hub-signature-256': header.slice('sha256='.length) }, 'Hello, World!')).toBe(
      'wrong',
    );
    expect(verify(rules, secret, { 'x-hub-signature-256': header.slice(0, -2) }, 'Hello, World!')).toBe('wrong');
  });

  test('Standard Webhooks', () => {
    // https://github.com/standard-webhooks/standard-webhooks/blob/main/libraries/javascript/src/index.test.ts ("sign function works")
    const rules: WebhookSignatureInput = {
      over: 'id.timestamp.body',
      encoding: 'base64',
      header: 'webhook-signature',
      prefix: 'v1,',
      separator: ' ',
      timestampHeader: 'webhook-timestamp',
      idHeader: 'webhook-id',
      secret: 's',
      secretEncoding: 'base64',
    };
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const body = '{"test": 2432232314}';
    const at = 1_614_265_330_000;
    expect(verify(rules, secret, headers, body, at)).toBe('valid');
    expect(verify(rules, secret.slice('whsec_'.length), headers, body, at)).toBe('valid');
    const several = `v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc= v1a,abc ${headers['webhook-signature']}`;
    expect(verify(rules, secret, { ...headers, 'webhook-signature': several }, body, at)).toBe('valid');
    expect(verify(rules, secret, { ...headers, 'webhook-id': 'msg_other' }, body, at)).toBe('wrong');
    expect(verify(rules, secret, { ...headers, 'webhook-timestamp': '1614265331' }, body, at)).toBe('wrong');
    expect(verify(rules, secret, headers, body, at + 301_000)).toBe('stale');
    expect(verify(rules, secret, headers, body, at - 301_000)).toBe('stale');
    expect(verify(rules, secret, headers, body, at + 299_000)).toBe('valid');
  });

  test("Slack's request signature", () => {
    // https://docs.slack.dev/authentication/verifying-requests-from-slack ("Step-by-step walk-through")
    const rules: WebhookSignatureInput = {
      over: 'v0:{timestamp}:{body}',
      header: 'X-Slack-Signature',
      prefix: 'v0=',
      timestampHeader: 'X-Slack-Request-Timestamp',
      secret: 's',
    };
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const headers = {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    };
    const secret = '8f742231b10e8888abcd99yyyzzz85a5';
    const at = 1_531_420_618_000;
    expect(verify(rules, secret, headers, body, at)).toBe('valid');
    expect(verify(rules, secret, headers, `${body}&more=1`, at)).toBe('wrong');
    expect(verify(rules, secret, { ...headers, 'x-slack-request-timestamp': '1531420619' }, body, at)).toBe('wrong');
    expect(verify(rules, secret, headers, body, at + 301_000)).toBe('stale');
  });

  test('RFC 4231, test case 2, and RFC 2202, test case 2', () => {
    const body = 'what do ya want for nothing?';
    const sha256 = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
    expect(verify({ header: 'x', secret: 's' }, 'Jefe', { x: sha256 }, body)).toBe('valid');
    expect(verify({ header: 'x', secret: 's' }, 'Jefe', { x: sha256.toUpperCase() }, body)).toBe('valid');
    const sha1 = 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79';
    expect(verify({ header: 'x', secret: 's', algorithm: 'sha1' }, 'Jefe', { x: sha1 }, body)).toBe('valid');
    expect(verify({ header: 'x', secret: 's' }, 'Jefe', { x: sha1 }, body)).toBe('wrong');
  });
});

describe('several signatures and a timestamp in one header', () => {
  // https://docs.stripe.com/webhooks#verify-manually
  const rules: WebhookSignatureInput = {
    over: 'timestamp.body',
    header: 'Stripe-Signature',
    fields: { signature: 'v1', timestamp: 't' },
    secret: 's',
  };
  const body = '{"id":"evt_1","object":"event"}';
  const seconds = now / 1000;
  const v1 = hmac('whsec_one', `${seconds}.${body}`);
  const check = (header: string, at = now, secret = 'whsec_one') =>
    verify(rules, secret, { 'stripe-signature': header }, body, at);

  test('one of them, wherever it stands, is enough, also while secrets are changed', () => {
    expect(check(`t=${seconds},v1=${v1}`)).toBe('valid');
    expect(check(`v1=${v1}, t=${seconds}`)).toBe('valid');
    expect(check(`t=${seconds},v1=${'ab'.repeat(32)},v1=${v1},v0=${'cd'.repeat(32)}`)).toBe('valid');
    expect(check(`t=${seconds},v1=${hmac('whsec_two', `${seconds}.${body}`)}`, now, 'whsec_one\nwhsec_two')).toBe(
      'valid',
    );
  });

  test('what is not signed as it should be is refused', () => {
    expect(check(`t=${seconds},v0=${v1}`)).toBe('wrong');
    expect(check(`t=${seconds + 1},v1=${v1}`)).toBe('wrong');
    expect(check(`t=${seconds},v1=${v1}00`)).toBe('wrong');
    expect(check(`t=${seconds},v1=${v1.slice(1)}`)).toBe('wrong');
    expect(check(`t=${seconds}`)).toBe('wrong');
    expect(check(`v1=${v1}`)).toBe('missing');
    expect(check('garbage')).toBe('missing');
    expect(check(v1)).toBe('missing');
    // of two timestamps, one is not the one that was signed
    expect(check(`t=${seconds},t=${seconds + 1000},v1=${v1}`)).toBe('missing');
    expect(check(`t=${seconds},${Array.from({ length: 40 }, () => 'v1=00').join(',')},v1=${v1}`)).toBe('wrong');
  });

  test('an old delivery, or one from the future, is stale', () => {
    const header = `t=${seconds},v1=${v1}`;
    expect([check(header, now + 299_000), check(header, now - 299_000)]).toEqual(['valid', 'valid']);
    expect([check(header, now + 301_000), check(header, now - 301_000)]).toEqual(['stale', 'stale']);
  });
});

describe('schemes', () => {
  test('a secret that stands in a header as it is, as GitLab sends it', () => {
    const rules: WebhookSignatureInput = { algorithm: 'shared-secret', header: 'X-Gitlab-Token', secret: 's' };
    expect(verify(rules, 'a token', { 'x-gitlab-token': 'a token' }, '{}')).toBe('valid');
    expect(verify(rules, 'former\na token', { 'x-gitlab-token': 'a token' }, '{}')).toBe('valid');
    for (const given of ['a toke', 'a token2', 'A token', hmac('a token', '{}')])
      expect(verify(rules, 'a token', { 'x-gitlab-token': given }, '{}')).toBe('wrong');
    expect(verify(rules, 'a token', {}, '{}')).toBe('missing');
    expect(verify(rules, '', { 'x-gitlab-token': '' }, '{}')).toBe('missing');
  });

  test('a body signed in base64, as Shopify sends it', () => {
    const rules: WebhookSignatureInput = { encoding: 'base64', header: 'X-Shopify-Hmac-Sha256', secret: 's' };
    const given = hmac('shpss_1', '{"id":1}', 'base64');
    expect(verify(rules, 'shpss_1', { 'x-shopify-hmac-sha256': given }, '{"id":1}')).toBe('valid');
    expect(verify(rules, 'shpss_1', { 'x-shopify-hmac-sha256': given }, '{"id":2}')).toBe('wrong');
  });

  test.each<[string, WebhookSignatureInput]>([
    ['header', { secret: 's' }],
    ['over', { header: 'x', secret: 's', over: 'v0:{timestamp}' as 'body' }],
    ['timestampHeader', { header: 'x', secret: 's', over: 'v0:{timestamp}:{body}' }],
    ['idHeader', { header: 'x', secret: 's', over: '{id}|{body}' }],
  ])('a definition with a mistake in %s is refused', (path, input) => {
    expect(webhookSignature.safeParse(input).error?.issues[0]?.path).toEqual([path]);
  });

  const timestamped: WebhookSignatureInput = {
    over: 'timestamp.body',
    header: 'x-signature',
    timestampHeader: 'x-timestamp',
    tolerance: '1m',
    secret: 's',
  };

  test('a timestamp is signed with the body, in seconds, milliseconds or ISO', () => {
    for (const stamp of [`${now / 1000}`, `${now}`, new Date(now).toISOString()]) {
      const headers = { 'x-signature': hmac('key', `${stamp}.{}`), 'x-timestamp': stamp };
      expect(verify(timestamped, 'key', headers, '{}')).toBe('valid');
      expect(verify(timestamped, 'key', headers, '{}', now + 61_000)).toBe('stale');
      expect(verify(timestamped, 'key', headers, '{ }')).toBe('wrong');
    }
  });

  test('a signed timestamp that is none is no pass for ever', () => {
    for (const stamp of ['soon', '99999999999999999999', '-1', 'NaN']) {
      const headers = { 'x-signature': hmac('key', `${stamp}.{}`), 'x-timestamp': stamp };
      expect(verify(timestamped, 'key', headers, '{}')).toBe('stale');
    }
  });

  test('the raw bytes count, not what they mean', () => {
    const body = Buffer.from([0x7b, 0x7d, 0xff, 0x00, 0x0a]);
    const signature = createHmac('sha256', 'key').update(body).digest('base64');
    const rules: WebhookSignatureInput = { header: 'x', encoding: 'base64', secret: 's' };
    expect(verify(rules, 'key', { x: signature }, body)).toBe('valid');
    expect(verify(rules, 'key', { x: signature }, body.subarray(0, 4))).toBe('wrong');
  });

  test('several secrets at once, one a line', () => {
    const rules = { header: 'x', secret: 's' };
    expect(verify(rules, 'former\nnext\n', { x: hmac('next', 'body') }, 'body')).toBe('valid');
    expect(verify(rules, 'former\r\nnext', { x: hmac('former', 'body') }, 'body')).toBe('valid');
    expect(verify(rules, 'former\nnext', { x: hmac('other', 'body') }, 'body')).toBe('wrong');
  });

  test('without a secret nothing is right, not even what an empty key signs', () => {
    const rules = { header: 'x', secret: 's' };
    for (const secret of ['', '\n', '  ']) expect(verify(rules, secret, { x: hmac('', 'body') }, 'body')).toBe('wrong');
  });

  test('headers that are missing, empty or doubled', () => {
    const rules = { header: 'x', secret: 's' };
    expect(verify(rules, 'key', {}, 'body')).toBe('missing');
    expect(verify(rules, 'key', { x: '' }, 'body')).toBe('missing');
    expect(verify(rules, 'key', { x: [hmac('key', 'body'), 'zz'] }, 'body')).toBe('missing');
    expect(verify(timestamped, 'key', { 'x-signature': hmac('key', '.body') }, 'body')).toBe('missing');
  });

  test('garbage instead of a signature', () => {
    const rules = { header: 'x', secret: 's' };
    for (const x of ['0', 'zz', 'undefined', '00', '0x00', ' ', `${hmac('key', 'body')}00`]) {
      expect(verify(rules, 'key', { x }, 'body')).not.toBe('valid');
    }
  });

  test('a definition that signs a timestamp without naming its header is refused', () => {
    expect(webhookSignature.safeParse({ header: 'x', secret: 's', over: 'timestamp.body' }).success).toBe(false);
    const noId = { header: 'x', secret: 's', over: 'id.timestamp.body', timestampHeader: 't' };
    expect(webhookSignature.safeParse(noId).error?.issues[0]?.path).toEqual(['idHeader']);
  });
});
