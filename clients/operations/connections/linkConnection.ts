import { audit } from '../../../destination/audit';
import { makeLink } from '../../../destination/connections/authorizationLinks';
import { getConnection } from '../../../destination/connections/connections';
import { connectorOf } from '../../../schema/definition/registered';
import { TidemarkError } from '../../../schema/errors';
import type { By, OperationContext } from '../definition/context';
import { ringOf } from '../work/ring';
import type { ConnectionInput } from './named';

export interface MadeLink {
  readonly connectionId: string;
  /** whoever has it can authorize the connection */
  readonly url: string;
  readonly redirectUri: string;
  readonly expiresAt: Date;
}

/** How long a page can be used. */
const validMs = 60 * 60_000;

/**
 * Makes a page at which a person authorizes a connection, audited without its address. Throws TidemarkError 'NotFound', and 'Usage' for
 * a connector that no person authorizes.
 */
export async function linkConnection(
  context: OperationContext,
  { connection: id, server }: ConnectionInput & { readonly server: string },
  by: By,
): Promise<MadeLink> {
  const { db } = context;
  await ringOf(context);
  const { auth, name } = connectorOf(await context.connectors(), await getConnection(db, id));
  if (auth.scheme !== 'oauth2' || auth.grant !== 'authorizationCode') {
    throw new TidemarkError(
      'Usage',
      `Connector ${name} is not authorized by a person (auth.grant is not 'authorizationCode'): give the secrets with 'tidemark connect ${name} ${id} --update'`,
    );
  }
  const origin = new URL(server).origin;
  const redirectUri = `${origin}/connect/callback`;
  return db.transaction(async (tx) => {
    const { token, expiresAt } = await makeLink(tx, { connectionId: id, redirectUri }, validMs);
    await audit(tx, { ...by, action: 'connections link', connectionId: id, details: { redirectUri, expiresAt } });
    return { connectionId: id, url: `${origin}/connect/${token}`, redirectUri, expiresAt };
  });
}
