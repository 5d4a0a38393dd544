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

describe('schemes', () => {
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
