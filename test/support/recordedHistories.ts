import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';

/** Histories of workflows as they really ran, `<workflow>.<path it took>.json`, for the replay tests. */
const folder = join(__dirname, '..', 'histories');

export interface Recording {
  /** as in `schema/workflows.ts` */
  readonly workflow: string;
  /** such as `deltaSync.deferred` */
  readonly name: string;
  readonly workflowId: string;
  /** in Temporal's JSON form */
  readonly history: History;
}

interface History {
  readonly events: readonly [
    { readonly workflowExecutionStartedEventAttributes: { readonly workflowId: string } },
    ...unknown[],
  ];
}

export function recordings(): Recording[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => {
      const name = file.slice(0, -'.json'.length);
      const history = JSON.parse(readFileSync(join(folder, file), 'utf8')) as History;
      const { workflowId } = history.events[0].workflowExecutionStartedEventAttributes;
      return { workflow: name.split('.')[0] ?? '', name, workflowId, history };
    });
}

/**
 * Keeps a history, without what tells of the machine that it ran on. One that is there stays: it shows whether runs that
 * began before a change survive it.
 */
export async function record(name: string, handle: WorkflowHandle): Promise<void> {
  const file = join(folder, `${name}.json`);
  if (existsSync(file)) return;
  const history = JSON.parse(historyToJSON(await handle.fetchHistory()), redact);
  writeFileSync(file, `${JSON.stringify(history)}\n`);
}

/** Says who worked on it, and where in the code it failed: nothing that a replay looks at. */
const ofTheMachine: ReadonlySet<string> = new Set(['identity', 'stackTrace', 'workerControlTaskQueue']);

function redact(key: string, value: unknown): unknown {
  if (ofTheMachine.has(key)) return undefined;
  return typeof value === 'string'
    ? value.replace(/127\.0\.0\.1:\d+/g, 'source.example').replace(`@${hostname()}-`, '@host-')
    : value;
}

/** A history as text in which everything can be searched for: payloads stand in base64. */
export function readable(history: string): string {
  return history.replace(/"data":\s*"([A-Za-z0-9+/=]+)"/g, (_all, data) => Buffer.from(data, 'base64').toString());
}
