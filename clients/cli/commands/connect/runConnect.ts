import type { Connector } from '../../../../schema/definition/connector';
import type { EntitySchedule } from '../../../../schema/definition/schedule';
import { messageOf, TidemarkError } from '../../../../schema/errors';
import { registeredConnector } from '../../../config';
import { connectionsChange, connect as make } from '../../../operations/connect';
import { connectionsLink } from '../../../operations/connections';
import { allConnections, showConnection } from '../../../operations/connections/showConnection';
import { type OperationContext, WrongInput } from '../../../operations/definition/context';
import { ringOf } from '../../../operations/work/ring';
import type { ExitStatus } from '../../failure';
import { performIn } from '../../runOperation';
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
import { withSession } from '../../terminal/session';
import type { Shell } from '../../terminal/shell';
import { checkAtEnd } from './checkAtEnd';
import { schedulesFrom, settingsFrom } from './connectionInput';

/** Makes a connection or changes one: asks for what only a terminal can ask for, and performs the operation, which checks it. */
export async function connect(
  shell: Shell,
  options: ConnectOptions,
  connectorName: string,
  id: string,
): Promise<ExitStatus | undefined> {
  return withSession(shell, async ({ context, config }) => {
    const connector = registeredConnector(await config(), connectorName);
    // without a key, nothing is asked for
    await ringOf(context);
    const present = (await allConnections(context)).connections.find((one) => one.id === id);
    if (present) await assertMayChange(present, connector, options);
    const settings = settingsFrom(connector, options.set ?? {});
    const kept = present ? await keptSecrets(shell, context, id) : [];
    // wrong settings are reported before secrets are typed, along with the secrets that are missing
    const mayAsk = connector.settings.safeParse({ ...present?.settings, ...settings }).success;
    const secrets = await givenSecrets(shell, options, connector, { kept, mayAsk });
    const given = {
      connection: id,
      ...(present ? {} : { connector: connector.name }),
      settings,
      secrets,
      timeZone: options.timeZone,
      businessHours: options.businessHours,
      schedules: schedulesFrom(connector, options),
    };
    const { reason } = options;
    const server = linkServer(options);
    const saved = await performIn(shell, context, present ? connectionsChange : make, given, {
      reason,
      wait: false,
    }).catch((error: unknown) => {
      throw withOptions(error);
    });
    if (server !== undefined)
      return await performIn(shell, context, connectionsLink, { connection: id, server }, { reason, wait: false });
    // with --json, there is one document
    if (shell.json) return saved;
    return await checkAtEnd(shell, context, id, options);
  });
}

/** Checked before anything is saved. */
function linkServer({ link, server }: ConnectOptions): string | undefined {
  if (link !== true) return undefined;
  if (server !== undefined) return server;
  throw new TidemarkError('Usage', '--link needs --server <url>: the address of the server, as the browser reaches it');
}

async function assertMayChange(
  present: { readonly id: string; readonly connector: string },
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

/** The names of the secrets that a connection has. Where no key opens them any more, all have to be given again. */
async function keptSecrets(shell: Shell, context: OperationContext, id: string): Promise<readonly string[]> {
  try {
    return (await showConnection(context, { connection: id })).secrets ?? [];
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.type !== 'Usage') throw error;
    shell.say(messageOf(error));
    return [];
  }
}

async function givenSecrets(
  shell: Shell,
  { secretsStdin }: ConnectOptions,
  connector: Connector,
  { kept, mayAsk }: { readonly kept: readonly string[]; readonly mayAsk: boolean },
): Promise<GivenSecrets> {
  const declared = declaredSecrets(connector.secrets);
  const given = secretsFromEnvironment(declared, shell.env);
  if (secretsStdin) return { ...given, ...parseSecrets(await readStdin(), declared) };
  return process.stdin.isTTY && mayAsk ? askSecrets({ declared, given, kept }) : given;
}

/** The mistakes that the operation found, with the option or variable that gives what is missing. */
function withOptions(error: unknown): unknown {
  if (!(error instanceof WrongInput)) return error;
  const [what = ''] = error.message.split(':\n');
  const lines = error.mistakes.map((line) => {
    const [, where, name = ''] = /^(settings|secrets)\.(\w+): missing/.exec(line) ?? [];
    if (where === 'settings') return `${line} (--set ${name}=<${name}>)`;
    return where === 'secrets' ? `${line} (or set ${variableOf(name)})` : line;
  });
  return new WrongInput(what, lines);
}

export interface ConnectOptions {
  readonly set?: Readonly<Record<string, string>>;
  readonly secretsStdin?: boolean;
  readonly timeZone?: string;
  readonly businessHours?: { readonly from: string; readonly to: string };
  readonly delta?: string;
  readonly reconcile?: EntitySchedule['reconciliation'];
  readonly update?: boolean;
  readonly check?: boolean;
  readonly link?: boolean;
  readonly server?: string;
  readonly reason: string;
}
