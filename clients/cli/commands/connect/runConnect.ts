import { listConnections, type StoredConnection } from '../../../../destination/connections/connections';
import { type KeyRing, keyRing, loadSecrets } from '../../../../destination/connections/secrets';
import type { Connector } from '../../../../schema/definition/connector';
import type { EntitySchedule } from '../../../../schema/definition/schedule';
import { messageOf, TidemarkError } from '../../../../schema/errors';
import { registeredConnector } from '../../../config';
import { changeConnection, makeConnection } from '../../../operations/connections/saveConnection';
import { actor } from '../../terminal/actor';
import {
  ask,
  askSecrets,
  declaredSecrets,
  type GivenSecrets,
  parseSecrets,
  readStdin,
  secretsFromEnvironment,
  variableOf,
} from '../../terminal/secretInput';
import { type Session, withSession } from '../../terminal/session';
import type { Shell } from '../../terminal/shell';
import { checkedSecrets, schedulesFrom, settingsFrom } from './connectionInput';

/** Makes a connection or changes one, with everything checked before anything is written. */
export async function connect(shell: Shell, options: ConnectOptions, connectorName: string, id: string): Promise<void> {
  await withSession(shell, async (session) => {
    const connector = registeredConnector(await session.config(), connectorName);
    const ring = keyRing(session.settings.encryptionKey);
    const present = (await listConnections(session.db)).find((one) => one.id === id);
    if (present) await assertMayChange(present, connector, options);
    const settings = settingsFrom(connector, options.set ?? {}, present?.settings ?? {});
    const schedules = schedulesFrom(connector, options, present?.schedules ?? {});
    const kept = present ? await presentSecrets(shell, session, ring, id) : {};
    const secrets = checkedSecrets(
      connector,
      { ...kept, ...(await givenSecrets(shell, options, connector, kept)) },
      variableOf,
    );
    const values = {
      settings,
      secrets,
      schedules,
      ...(options.timeZone === undefined ? {} : { timeZone: options.timeZone }),
      ...(options.businessHours === undefined ? {} : { businessHours: options.businessHours }),
    };
    const { client } = await session.temporalLater();
    const context = { db: session.db, connectors: await session.connectors(), client };
    const by = { actor: actor(), reason: options.reason };
    const saved = present
      ? await changeConnection(context, ring, id, values, by)
      : await makeConnection(context, ring, { id, connector: connector.name, ...values }, by);
    const { created, connection, agreed, delayedBecause } = saved;
    if (delayedBecause !== null)
      shell.say(
        `${delayedBecause} The connection is saved; its schedules begin when a server or 'tidemark up' starts.`,
      );
    shell.result({ created, connection, secrets: saved.secrets, schedules: agreed }, () =>
      [
        `Connection ${id} (${connector.name}) was ${created ? 'made' : 'changed'}; secrets kept: ${saved.secrets.join(', ') || 'none'}.`,
        'Whether the source takes the credentials shows with the first sync.',
        `Next: tidemark sync ${id} --wait`,
      ].join('\n'),
    );
  });
}

async function assertMayChange(
  present: StoredConnection,
  connector: Connector,
  { update }: ConnectOptions,
): Promise<void> {
  if (present.connector !== connector.name) {
    throw new TidemarkError(
      'Usage',
      `There is a connection '${present.id}' already, of connector ${present.connector}: choose another name`,
    );
  }
  if (update) return;
  if (!process.stdin.isTTY) {
    throw new TidemarkError(
      'Usage',
      `There is a connection '${present.id}' already: add --update to change it, or choose another name`,
    );
  }
  const answer = await ask(`There is a connection '${present.id}' already. Change it? [y/N] `, false);
  if (!/^y(es)?$/i.test(answer.trim())) throw new TidemarkError('Usage', 'Nothing was changed');
}

/** The secrets that a connection has. Where no key opens them any more, all have to be given again. */
async function presentSecrets(shell: Shell, { db }: Session, ring: KeyRing, id: string): Promise<GivenSecrets> {
  try {
    return { ...(await loadSecrets(db, ring, id)) };
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.type !== 'Usage') throw error;
    shell.say(messageOf(error));
    return {};
  }
}

async function givenSecrets(
  shell: Shell,
  { secretsStdin }: ConnectOptions,
  connector: Connector,
  kept: GivenSecrets,
): Promise<GivenSecrets> {
  const declared = declaredSecrets(connector.secrets);
  const given = secretsFromEnvironment(declared, shell.env);
  if (secretsStdin) return { ...given, ...parseSecrets(await readStdin(), declared) };
  return process.stdin.isTTY ? askSecrets({ declared, given, kept }) : given;
}

export interface ConnectOptions {
  readonly set?: Readonly<Record<string, string>>;
  readonly secretsStdin?: boolean;
  readonly timeZone?: string;
  readonly businessHours?: { readonly from: string; readonly to: string };
  readonly delta?: string;
  readonly reconcile?: EntitySchedule['reconciliation'];
  readonly update?: boolean;
  readonly reason: string;
}
