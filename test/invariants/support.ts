import { setTimeout as sleep } from 'node:timers/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { planningCenter } from '../../connectors/planning-center/connector';
import type { ResourceObject, Simulator } from '../../connectors/planning-center/simulator';
import { getRun, type Run } from '../../destination/runs/runs';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { readRecord } from '../../source/record/readRecord';
import { connectionId, type Engine } from '../support/engine';
import { readable } from '../support/recordedHistories';

/** What the tests of the invariants share. */
export const people = 'planning_center_people';
export type Control = Simulator['control'];

export const peopleEntity = planningCenter.entities.get('people') as ConnectorEntity;
const mapContext = { connection: { id: connectionId, settings: {}, timeZone: 'UTC' } };

/** The columns that the mapping makes of a record. */
function mapped(record: ResourceObject): Record<string, unknown> {
  const read = readRecord(peopleEntity, record, mapContext);
  if (read.kind !== 'live') throw new Error(`record ${record.id} of the simulator is not live: ${read.kind}`);
  return { ...read.row, source_updated_at: record.attributes.updated_at };
}

/** Every live record of the source has exactly one live row with equal content, and no other row is live. */
export async function expectEqual(engine: Engine, control: Control): Promise<void> {
  const { rows } = await engine.db.raw(`select external_id as id, to_jsonb(t) as content from ${people} t
    where deleted_at is null order by external_id`);
  const records = [...control.all('people')].sort((a, b) => (a.id < b.id ? -1 : 1));
  expect(rows.map(({ id }: { id: string }) => id)).toEqual(records.map(({ id }) => id));
  const wrong = records.flatMap((record, index) => {
    const { content } = rows[index];
    return sameContent(mapped(record), content) ? [] : [{ record: mapped(record), content }];
  });
  expect(wrong).toEqual([]);
}

function sameContent(row: Record<string, unknown>, stored: Record<string, unknown>): boolean {
  return Object.entries(row).every(([name, value]) => {
    const found = stored[name];
    if (name.endsWith('_at') && value !== null) return Date.parse(String(found)) === Date.parse(String(value));
    return found === value;
  });
}

/** Puts what the rows hold back by a minute, as if they had not just been received: absence from a scan counts only then. */
export async function aMinuteLater(engine: Engine, table = people): Promise<void> {
  await engine.db.raw(
    `update ${table} set _sent_at = _sent_at - interval '1 minute', _received_at = _received_at - interval '1 minute'`,
  );
}

export async function lastRun(engine: Engine, entity = 'people'): Promise<Run> {
  const { rows } = await engine.db.raw('select max(id)::text as id from tidemark.runs where entity = ?', [entity]);
  return getRun(engine.db, rows[0].id);
}

/** The cursor as it stands, in milliseconds since 1970; null before the first delta succeeded. */
export async function cursor(engine: Engine, entity = 'people'): Promise<number | null> {
  const { rows } = await engine.db.raw('select at from tidemark.cursors where entity = ?', [entity]);
  return rows[0]?.at.getTime() ?? null;
}

/** Resolves once `holds` says so; the test's own time-out ends it otherwise. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5);
}

/** Does something once the source has been asked so many times since the log was cleared. */
export async function afterRequests(control: Control, count: number, act: () => void): Promise<void> {
  await until(() => control.logSummary().requests >= count);
  act();
}

/** The stable type of the failure that ended a workflow. */
export function failureType(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if ('type' in at && typeof at.type === 'string') return at.type;
  }
  return undefined;
}

/** Runs a workflow that must fail; returns the failure's type. */
export async function failureOf(running: Promise<unknown>): Promise<string | undefined> {
  try {
    await running;
  } catch (error) {
    return failureType(error);
  }
  throw new Error('the workflow should have failed');
}

export interface RecordedHistory {
  readonly workflowId: string;
  readonly type: string;
  readonly events: number;
  /** the kinds of its events but for workflow tasks, of which a busy machine has more */
  readonly steps: readonly string[];
  /** all of it, payloads decoded */
  readonly text: string;
}

/** The histories of all workflows of the engine's namespace. */
export async function histories({ temporal: { client } }: Engine): Promise<RecordedHistory[]> {
  const found: RecordedHistory[] = [];
  for await (const { workflowId, runId, type } of client.workflow.list()) {
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    const text = readable(historyToJSON(history));
    const steps = [...text.matchAll(/"eventType":\s*"EVENT_TYPE_(?!WORKFLOW_TASK)(\w+)"/g)].map(
      ([, kind]) => `${kind}`,
    );
    found.push({ workflowId, type, events: history.events?.length ?? 0, steps, text });
  }
  return found;
}
