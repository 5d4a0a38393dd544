import { TidemarkError } from '../../../schema/errors';
import type { Settings } from '../../../schema/settings/settings';
import type { LoadedConfig } from '../../config';
import type { OperationContext } from '../../operations/definition/context';
import type { Shell } from './shell';

/** What a command works with; its schema has been checked. */
export interface Session {
  readonly settings: Settings;
  readonly context: OperationContext;
  config(): Promise<LoadedConfig>;
}

/**
 * The settings for a command in this folder, the same for all: the environment, and what it leaves open from the folder's
 * stack. Throws TidemarkError 'Usage' where neither names a database, 'DestinationUnavailable' where the stack is stopped.
 */
export async function resolveEnvironment(shell: Shell): Promise<NodeJS.ProcessEnv> {
  const { readStack, stackEnvironment } = await import('../../../local/stackState.js');
  if (shell.env.DATABASE_URL) return stackEnvironment(shell.cwd, shell.env);
  const stack = readStack(shell.cwd);
  if (stack === undefined) {
    throw new TidemarkError(
      'Usage',
      `No database: nothing runs in ${shell.cwd} and DATABASE_URL is not set. Start everything here with 'tidemark up', or set DATABASE_URL and TEMPORAL_ADDRESS`,
    );
  }
  const env = stackEnvironment(shell.cwd, shell.env);
  if (!env.DATABASE_URL) {
    throw new TidemarkError(
      'Usage',
      'The stack of this folder works on a database of yours: set DATABASE_URL for this command too',
    );
  }
  if (!stack.running) {
    throw new TidemarkError(
      'DestinationUnavailable',
      `The stack of this folder is not running: start it with 'tidemark up'`,
    );
  }
  return env;
}

export interface SessionOptions {
  /** Temporal must answer when it is first asked for; else it may be unreachable, and what can be done without it is done */
  readonly needsTemporal?: boolean;
}

/** Runs `work` with a session and closes what it opened. */
export async function withSession<T>(
  shell: Shell,
  work: (session: Session) => Promise<T>,
  { needsTemporal = false }: SessionOptions = {},
): Promise<T> {
  const { readSettings } = await import('../../../schema/settings/settings.js');
  const settings = readSettings(await resolveEnvironment(shell));
  let loaded: Promise<LoadedConfig> | undefined;
  const config = () => {
    loaded ??= import('../../config.js').then(({ loadConfig }) => loadConfig(shell.cwd, shell.configFile));
    return loaded;
  };
  const connectors = async (among?: readonly string[]) => {
    if (loaded !== undefined || among === undefined) return (await config()).connectors;
    const { loadConfig } = await import('../../config.js');
    return (await loadConfig(shell.cwd, shell.configFile, among)).connectors;
  };
  const { openContext } = await import('../../operations/definition/openContext.js');
  const { context, assertSchema, close } = await openContext(settings, { connectors, needsTemporal });
  try {
    await assertSchema();
    return await work({ settings, context, config });
  } finally {
    await close();
  }
}
