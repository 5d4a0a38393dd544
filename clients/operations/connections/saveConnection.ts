import type { z } from 'zod';
import { audit } from '../../../destination/audit';
import {
  type ConnectionInput,
  createConnection,
  getConnection,
  lockConnection,
  type StoredConnection,
  updateConnection,
} from '../../../destination/connections/connections';
import { type KeyRing, loadSecrets, type Secrets, saveSecrets } from '../../../destination/connections/secrets';
import type { Connection } from '../../../schema/connection';
import { noAuthProblem, withChosenAuth } from '../../../schema/definition/auth/chosen';
import type { Connector } from '../../../schema/definition/connector';
import { mistakes } from '../../../schema/definition/definition';
import { connectorNamed, connectorOf } from '../../../schema/definition/registered';
import { TidemarkError } from '../../../schema/errors';
import { valueAt } from '../../../schema/json/json';
import { meantOrKnown } from '../../../schema/text/nearest';
import { type By, type OperationContext, WrongInput } from '../definition/context';
import { type AgreedOrLater, agreeOrLater } from '../work/agreeOrLater';
import { ringOf } from '../work/ring';
import { addressMistakes } from './addressRule';
import { catchUp } from './catchUp';
import { awaitAuthorization, followCredentials } from './followCredentials';
import type { ConnectionInput as Named } from './named';

/** What a connection is given. What is left out gets its default, or, where one is changed, stays as it is. */
export interface ConnectionValues {
  /** by name, over those it has */
  readonly settings?: Connection['settings'] | undefined;
  /** by name, over those it has; sealed before they are written, and never given back */
  readonly secrets?: Secrets | undefined;
  readonly timeZone?: string | undefined;
  /** null: at any hour */
  readonly businessHours?: ConnectionInput['businessHours'] | undefined;
  /** by entity, over those it has */
  readonly schedules?: Connection['schedules'] | undefined;
}

export interface SavedConnection extends AgreedOrLater {
  readonly created: boolean;
  readonly connection: StoredConnection;
  /** the names of those that are kept */
  readonly secrets: readonly string[];
}

/**
 * Makes a connection with its secrets, audited without them. Throws TidemarkError 'NotFound' for a connector that is not
 * registered, `WrongInput` with every mistake in the values, of secrets by their names, and 'Usage' for a name that is taken.
 */
export async function makeConnection(
  context: OperationContext,
  { connection: id, connector: name, ...values }: ConnectionValues & Named & { readonly connector: string },
  by: By,
): Promise<SavedConnection> {
  const ring = await ringOf(context);
  const connector = connectorNamed(await context.connectors(), name);
  const { secrets, ...checked } = checkedValues(connector, values, { settings: {}, schedules: {} }, {});
  const connection = await context.db.transaction(async (tx) => {
    await createConnection(tx, { id, connector: connector.name, ...checked });
    await saveSecrets(tx, ring, id, secrets);
    await awaitAuthorization(tx, withChosenAuth(connector, Object.keys(secrets)), id);
    await audit(tx, { ...by, action: 'connect', connectionId: id, details: changedNames(values) });
    return await getConnection(tx, id);
  });
  return { created: true, connection, secrets: Object.keys(secrets), ...(await agreeOrLater(context)) };
}

/** Changes a connection, audited. Where no key opens the secrets that it has, all must be given again. Throws as `makeConnection` does. */
export async function changeConnection(
  context: OperationContext,
  { connection: id, ...values }: ConnectionValues & Named,
  by: By,
): Promise<SavedConnection> {
  const ring = await ringOf(context);
  const connectors = await context.connectors();
  const { connection, secrets, resumed } = await context.db.transaction(async (tx) => {
    const present = await lockConnection(tx, id);
    const connector = connectorOf(connectors, present);
    const kept = await keptSecrets(tx, ring, id);
    const { secrets, ...checked } = checkedValues(connector, values, present, kept);
    const changed = await updateConnection(tx, id, checked);
    await saveSecrets(tx, ring, id, secrets);
    const given = {
      ...{ secrets: Object.keys(values.secrets ?? {}), had: Object.keys(kept), has: Object.keys(secrets) },
      ...{ before: present.settings, after: changed.settings },
    };
    const resumed = await followCredentials(tx, connector, id, given);
    await audit(tx, { ...by, action: 'connect --update', connectionId: id, details: changedNames(values) });
    return { connection: await getConnection(tx, id), secrets, resumed };
  });
  if (resumed) await catchUp(context, id);
  return { created: false, connection, secrets: Object.keys(secrets), ...(await agreeOrLater(context)) };
}

function checkedValues(
  connector: Connector,
  values: ConnectionValues,
  present: Pick<Connection, 'settings' | 'schedules'>,
  kept: Secrets,
) {
  const given = {
    settings: { ...present.settings, ...values.settings },
    secrets: { ...kept, ...values.secrets },
  };
  const settings = connector.settings.safeParse(given.settings);
  const secrets = connector.secrets.safeParse(given.secrets);
  const schedules: Connection['schedules'] = { ...present.schedules };
  for (const [entity, given] of Object.entries(values.schedules ?? {})) {
    schedules[entity] = { ...present.schedules[entity], ...given };
  }
  const found = [
    ...unknownNames('settings', connector.settings.shape, values.settings),
    ...unknownNames('secrets', connector.secrets.shape, values.secrets),
    ...(settings.success ? [] : missingOrWrong('settings', settings.error, given.settings)),
    // zod's messages say what was expected and never repeat what was given
    ...(secrets.success ? [] : missingOrWrong('secrets', secrets.error, given.secrets)),
    ...(secrets.success ? authMistakes(connector, secrets.data) : []),
    ...scheduleMistakes(connector, schedules),
    ...(settings.success
      ? addressMistakes(connector, {
          before: present.settings,
          after: settings.data,
          kept,
          given: values.secrets ?? {},
        })
      : []),
  ];
  if (!settings.success || !secrets.success || found.length > 0)
    throw new WrongInput('The connection is wrong; nothing was changed', found);
  return {
    settings: settings.data as Connection['settings'],
    secrets: secrets.data as Secrets,
    schedules,
    ...(values.timeZone === undefined ? {} : { timeZone: values.timeZone }),
    ...(values.businessHours === undefined ? {} : { businessHours: values.businessHours }),
  };
}

/** Where a source can be authorized in several ways, none of their secrets is required by itself. */
function authMistakes(connector: Connector, secrets: object): string[] {
  const problem = noAuthProblem(connector, Object.keys(secrets));
  return problem === undefined ? [] : [`secrets: ${problem}`];
}

/** One line for each mistake. */
function missingOrWrong(where: string, error: z.ZodError, given: Readonly<Record<string, unknown>>): string[] {
  const lines = mistakes(where, error);
  return error.issues.map(({ code, path }, index) => {
    const missing = code !== 'custom' && valueAt(given, path.map(String).join('.')) === undefined;
    return missing ? `${[where, ...path.map(String)].join('.')}: missing` : (lines[index] ?? where);
  });
}

/** Of what is given now; what is kept from before a connector changed is left out by its schemas. */
function unknownNames(where: string, declared: object, given: object = {}): string[] {
  return Object.keys(given).flatMap((name) => {
    if (Object.hasOwn(declared, name)) return [];
    const known = meantOrKnown(name, Object.keys(declared), 'It has');
    return [`${where}: the connector has no ${JSON.stringify(name)}. ${known}`];
  });
}

function scheduleMistakes({ name, entities }: Connector, schedules: Connection['schedules']): string[] {
  return Object.entries(schedules).flatMap(([entity, { reconciliation }]) => {
    const known = entities.get(entity);
    if (known === undefined)
      return [
        `schedules.${entity}: connector ${name} has no such entity. ${meantOrKnown(entity, [...entities.keys()], 'It has')}`,
      ];
    if (reconciliation === false && !known.supportsWebhooks) {
      return [
        `schedules.${entity}.reconciliation: ${entity} has no webhooks, so nothing but a reconciliation finds what was deleted`,
      ];
    }
    return [];
  });
}

async function keptSecrets(db: Parameters<typeof loadSecrets>[0], ring: KeyRing, id: string): Promise<Secrets> {
  try {
    return await loadSecrets(db, ring, id);
  } catch (error) {
    // no key opens them any more: they have to be given again, and what is missing is named
    if (!(error instanceof TidemarkError) || error.type !== 'Usage') throw error;
    return {};
  }
}

/** For the audit: which values were given, never what they are. */
function changedNames({ settings, secrets, timeZone, businessHours, schedules }: ConnectionValues) {
  return {
    settings: Object.keys(settings ?? {}),
    secrets: Object.keys(secrets ?? {}),
    schedules: Object.keys(schedules ?? {}),
    timeZone: timeZone ?? null,
    businessHours: businessHours ?? null,
  };
}
