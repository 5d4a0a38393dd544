import { join } from 'node:path';
import { z } from 'zod';
import { readIfThere, readJson, writeWhole } from './files';
import { childrenIn } from './ledger';
import { type ChildRecord, isAlive, processIdentity } from './processes';

const stackState = z.object({
  /** the process that runs, or ran, the stack */
  owner: processIdentity,
  startedAt: z.iso.datetime(),
  stoppedAt: z.iso.datetime().optional(),
  /** of the embedded PostgreSQL; a DATABASE_URL of the user's is not written down */
  databaseUrl: z.string().optional(),
  /** `host:port` */
  temporalAddress: z.string(),
  /** of the embedded Temporal */
  temporalUiUrl: z.string().optional(),
  /** what the programs of the stack listen on, by name (`api`, `webhooks`, `simulator` …) */
  addresses: z.record(z.string(), z.string()),
});

export type StackState = z.infer<typeof stackState>;

/** What is known of the stack in a folder. */
export interface StackReport extends StackState {
  /** false: it was stopped or killed, and the addresses are those it had */
  readonly running: boolean;
  readonly children: readonly ChildRecord[];
}

/** Where everything of a folder's stack lies; git-ignored by a file of its own. */
export function stateFolderOf(folder: string): string {
  return join(folder, '.tidemark');
}

export const ledgerFile = 'processes.json';
const stateFile = 'stack.json';

/** The running, or the last, stack of a project folder; undefined where `up` never ran. */
export function readStack(folder: string): StackReport | undefined {
  const state = readJson(join(stateFolderOf(folder), stateFile), stackState);
  if (state === undefined) return undefined;
  return {
    ...state,
    running: state.stoppedAt === undefined && isAlive(state.owner),
    children: childrenIn(join(stateFolderOf(folder), ledgerFile)),
  };
}

export function writeStack(folder: string, state: StackState): void {
  writeWhole(join(stateFolderOf(folder), stateFile), `${JSON.stringify(state, undefined, 2)}\n`);
}

/**
 * The environment for a command in a project folder: what is set stays; of DATABASE_URL, TEMPORAL_ADDRESS,
 * OAUTH_ENCRYPTION_KEY and TIDEMARK_API_KEY, what is unset is taken from the folder's stack, where there is one.
 */
export function stackEnvironment(folder: string, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const state = readStack(folder);
  if (state === undefined) return env;
  const key = (name: string) => readIfThere(join(stateFolderOf(folder), name))?.trim();
  const embeddedTemporal = !env.TEMPORAL_ADDRESS && state.temporalUiUrl !== undefined;
  return completed(embeddedTemporal ? withEmbeddedTemporal(env) : env, {
    DATABASE_URL: state.databaseUrl,
    TEMPORAL_ADDRESS: state.temporalAddress,
    // The folder's key belongs to the folder's database and to no other.
    OAUTH_ENCRYPTION_KEY: env.DATABASE_URL ? undefined : key('encryption-key'),
    TIDEMARK_API_KEY: key('api-key'),
  });
}

/**
 * Without what would make a client speak TLS to the embedded server, or show it an API key that is meant for another: all of
 * Temporal's client configuration but the namespace, also that in a file.
 */
export function withEmbeddedTemporal(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !name.startsWith('TEMPORAL_') || name === 'TEMPORAL_NAMESPACE');
  return { ...Object.fromEntries(kept), TEMPORAL_CONFIG_FILE: '/dev/null' };
}

/** `env` with defaults for what is unset or empty in it. */
export function completed(env: NodeJS.ProcessEnv, defaults: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const result = { ...env };
  for (const [name, value] of Object.entries(defaults)) if (value !== undefined) result[name] ||= value;
  return result;
}
