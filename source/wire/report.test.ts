import { createReporter } from './report';

const about = { entity: 'people', what: "listing 'all'" };

test('secrets are blotted out of what went wrong, but not out of the names that say where', () => {
  const { error } = createReporter('acme', 'sandbox', { user: 'sandbox', token: 'sesame' });
  expect(error('CredentialsRefused', about, 'answered 401 with "sandbox:sesame"', 'Ask').message).toBe(
    `acme, connection 'sandbox', people, listing 'all': answered 401 with "[secret]:[secret]". Ask`,
  );
});

test('what is too short to be secret does not make a message unreadable', () => {
  const { error, redact } = createReporter('acme', 'demo', { user: 'a', password: 'li' });
  expect(error('CredentialsRefused', about, 'answered 401', 'Ask').message).toContain(
    "listing 'all': answered 401. Ask",
  );
  const basic = Buffer.from('a:li').toString('base64');
  expect(redact(`Basic ${basic}`)).toBe('Basic [secret]');
});
