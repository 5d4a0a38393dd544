import type { Secrets } from '../../../destination/connections/secrets';
import type { Connector } from '../../../schema/definition/connector';
import { placeholdersIn } from '../../../schema/definition/placeholders';
import { baseUrlProblem } from '../../../schema/sourceAddress';

export interface AddressChange {
  /** the settings as they are stored, if the connection exists; and as they would be saved */
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
  /** the stored secrets, and those that are given now */
  readonly kept: Secrets;
  readonly given: Secrets;
}

/**
 * What is wrong with a connection's base URL, one line each; by the names of settings and secrets, never by a secret's value.
 *
 * A stored secret is sent only where it was given for: whoever may change a setting, but was never shown the secret, would otherwise
 * have it sent to a server of their own. So another origin (scheme, host, port), or another token endpoint, needs the secrets again. The
 * webhook secret is never sent.
 */
export function addressMistakes(connector: Connector, { before, after, kept, given }: AddressChange): string[] {
  const problem = baseUrlProblem(after.baseUrl);
  if (problem !== undefined) return [`settings.baseUrl: it ${problem}`];
  const move = moveOf(connector, before, after);
  if (move === undefined) return [];
  const stays = connector.webhooks?.signature.secret;
  return Object.keys(kept)
    .filter((name) => name !== stays && Object.hasOwn(connector.secrets.shape, name) && given[name] === undefined)
    .map(
      (name) => `secrets.${name}: missing. ${move}, and a stored secret is not sent to another server: give it again`,
    );
}

/** How secrets would go to another server than before; undefined where they would not. */
function moveOf(
  { auth, otherAuth }: Connector,
  before: AddressChange['before'],
  after: AddressChange['after'],
): string | undefined {
  const [from, to] = [originOf(before.baseUrl), originOf(after.baseUrl)];
  if (from === undefined) return undefined;
  if (from !== to) return `baseUrl changes from ${from} to ${to}`;
  const other = [auth, ...otherAuth]
    .flatMap((one) => (one.scheme === 'oauth2' ? placeholdersIn({ path: one.tokenUrl }) : []))
    .map(([, name]) => name)
    .find((name) => name !== 'baseUrl' && before[name] !== after[name]);
  return other === undefined ? undefined : `${other} changes, which the address of the token endpoint is made of`;
}

function originOf(text: unknown): string | undefined {
  return typeof text === 'string' && URL.canParse(text) ? new URL(text).origin : undefined;
}
