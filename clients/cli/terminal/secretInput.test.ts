import { z } from 'zod';
import { messageOf } from '../../../schema/errors';
import { declaredSecrets, parseSecrets, secretsFromEnvironment, variableOf } from './secretInput';

const declared = declaredSecrets(
  z.object({ appId: z.string(), secret: z.string(), webhookSecret: z.string().optional() }),
);

test('declared secrets keep their order and know which may be left out', () => {
  expect(declared).toEqual([
    { name: 'appId', optional: false },
    { name: 'secret', optional: false },
    { name: 'webhookSecret', optional: true },
  ]);
});

test.each([
  ['appId', 'TIDEMARK_SECRET_APP_ID'],
  ['secret', 'TIDEMARK_SECRET_SECRET'],
  ['oauth2ClientSecret', 'TIDEMARK_SECRET_OAUTH2_CLIENT_SECRET'],
  ['api-key', 'TIDEMARK_SECRET_API_KEY'],
])('%s comes from %s', (name, variable) => expect(variableOf(name)).toBe(variable));

test('the environment gives what it has; empty is unset', () => {
  const env = { TIDEMARK_SECRET_APP_ID: 'a', TIDEMARK_SECRET_SECRET: '', TIDEMARK_SECRET_OTHER: 'x' };
  expect(secretsFromEnvironment(declared, env)).toEqual({ appId: 'a' });
});

test.each([
  ['JSON', '{"appId":"a","secret":"b=c"}'],
  ['lines', 'appId=a\nsecret=b=c\n'],
  ['lines of a file from Windows, with comments and blanks', '# mine\r\n\r\nappId=a\r\nsecret=b=c\r\n'],
  ["the environment's names", 'TIDEMARK_SECRET_APP_ID=a\nTIDEMARK_SECRET_SECRET=b=c'],
])('%s are read', (_form, text) => expect(parseSecrets(text, declared)).toEqual({ appId: 'a', secret: 'b=c' }));

test('an empty text gives nothing', () => expect(parseSecrets('\n', declared)).toEqual({}));

test.each([
  ['broken JSON', '{"appId":"hunter2"', /not valid JSON/],
  ['a value that is no text', '{"appId":["hunter2"]}', /must all be strings \(appId\)/],
  ['a line without a name', 'appId=a\nhunter2', /Line 2 .* is not name=value/],
  ['a line that begins with =', '=hunter2', /Line 1/],
  ['an unknown name', 'appid=hunter2', /no secret "appid"\. Did you mean 'appId'\?/],
])('%s is refused without repeating it', (_what, text, message) => {
  let told = '';
  try {
    parseSecrets(text, declared);
  } catch (error) {
    told = messageOf(error);
  }
  expect(told).toMatch(message);
  expect(told).not.toContain('hunter2');
});
