import type { Knex } from 'knex';
import { credentialsChanged, needCredentials } from '../../../destination/connections/credentials';
import { changesAuth, withChosenAuth } from '../../../schema/definition/auth/chosen';
import { notAuthorized, oauth2Templates, tokensAfter } from '../../../schema/definition/auth/oauth2';
import type { Connector } from '../../../schema/definition/connector';
import { placeholdersIn } from '../../../schema/definition/placeholders';

/** What of a connection was given. */
export interface GivenCredentials {
  /** the names of the secrets that were given, the same values again included */
  readonly secrets: readonly string[];
  /** the names of all secrets that it had, and has now */
  readonly had: readonly string[];
  readonly has: readonly string[];
  /** the settings before and after */
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
}

/**
 * Has the tokens of a connection follow a change of what they were had with, in this transaction. Does nothing for a connector without
 * OAuth. Returns whether the connection had needed credentials and is served again.
 */
export async function followCredentials(
  tx: Knex,
  connector: Connector,
  connectionId: string,
  { secrets, had, has, before, after }: GivenCredentials,
): Promise<boolean> {
  const { auth } = withChosenAuth(connector, has);
  const isOther = changesAuth(connector, had, has);
  if (auth.scheme !== 'oauth2') {
    return isOther && (await credentialsChanged(tx, connectionId, { keepTokens: false }));
  }
  const texts = Object.fromEntries(oauth2Templates(auth));
  const moved = placeholdersIn({ body: texts }).some(([, name]) => before[name] !== after[name]);
  const tokens = moved || isOther ? 'void' : tokensAfter(auth, secrets);
  if (tokens === 'untouched') return false;
  const resumed = await credentialsChanged(tx, connectionId, { keepTokens: tokens === 'keep' });
  if (tokens === 'keep' || auth.grant !== 'authorizationCode') return resumed;
  await needCredentials(tx, connectionId, notAuthorized);
  return false;
}

/** A new connection that a person has to authorize rests until one has. */
export async function awaitAuthorization(tx: Knex, { auth }: Connector, connectionId: string): Promise<void> {
  if (auth.scheme === 'oauth2' && auth.grant === 'authorizationCode')
    await needCredentials(tx, connectionId, notAuthorized);
}
