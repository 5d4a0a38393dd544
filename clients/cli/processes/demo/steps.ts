import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { rowCounts } from '../../../../destination/readModels/statusFacts';
import { readRow } from '../../../../destination/rows/queries/readRow';
import type { ConnectorEntity } from '../../../../schema/definition/connector';
import { startWorkflow } from '../../../temporal/start';
import { delta as deltaRun, reconciliation } from '../../../temporal/workflows';
import type { Up } from '../up/bringUp';
import type { Source } from './simulator';

/** A step of the proof: what it does, what has to be in the table afterwards, and how that is looked up. */
export interface Step {
  readonly name: string;
  readonly act: () => Promise<unknown>;
  readonly expected: () => Promise<Finding>;
  readonly found: () => Promise<Finding>;
  /** until when it must be so; 0: at once */
  readonly withinMs: number;
}

/** As people and --json show it. */
export type Finding = Readonly<Record<string, string | number | boolean | null>>;

export interface StepReport {
  readonly name: string;
  readonly ok: boolean;
  readonly expected: Finding;
  readonly found: Finding;
  /** from the end of the act until the table was right, or until it was given up */
  readonly milliseconds: number;
}

/** A webhook has to be a row within a second; on a machine that is busy with other things it may take longer. */
const webhookMs = 10_000;

const changed = '10000003';
const deleted = '10000004';
const created = '777001';

/** The proof, in order; each step builds on the ones before. */
export function proof(up: Up, source: Source, connectionId: string): Step[] {
  const people = entityOf(up, 'people');
  const { db, client } = up;
  const target = { connectionId, entity: 'people' };
  const row = (id: string) => async (): Promise<Finding> => {
    const found = await readRow(db, people, connectionId, id);
    return found === undefined
      ? { row: 'none' }
      : { first_name: String(found.first_name), live: found.deleted_at === null };
  };
  const is = (firstName: string, live: boolean) => async (): Promise<Finding> => ({ first_name: firstName, live });
  const delta = async () => (await startWorkflow({ db, client }, deltaRun, { ...target, trigger: 'cli' })).result();
  const reconcile = async () =>
    (await startWorkflow({ db, client }, reconciliation, { ...target, trigger: 'cli' })).result();
  const counts = async (): Promise<Finding> => {
    const ofTable = async (name: string) => (await rowCounts(db, entityOf(up, name)))?.get(connectionId);
    const [rows, donations] = [await ofTable('people'), await ofTable('donations')];
    return { people: rows?.live ?? 0, donations: donations?.live ?? 0, soft_deleted: rows?.deleted ?? 0 };
  };
  const atSource = (softDeleted: number) => async (): Promise<Finding> => ({
    people: await source.count('people'),
    donations: await source.count('donations'),
    soft_deleted: softDeleted,
  });
  let before: unknown;
  const wholeRow = () => readRow(db, people, connectionId, deleted);

  return [
    {
      name: 'first sync: every record of the source is a live row',
      act: async () => undefined,
      expected: atSource(0),
      found: counts,
      withinMs: 0,
    },
    {
      name: 'a person is changed at the source: the next delta brings it',
      act: async () => {
        await source.change(changed, 'Changed', { webhook: false });
        await delta();
      },
      expected: is('Changed', true),
      found: row(changed),
      withinMs: 0,
    },
    {
      name: 'a person is deleted at the source without a word: a delta cannot see it',
      act: async () => {
        before = (await wholeRow())?.first_name;
        await source.delete(deleted, { webhook: false });
        await delta();
      },
      expected: async () => ({ first_name: String(before), live: true }),
      found: row(deleted),
      withinMs: 0,
    },
    {
      name: 'a reconciliation finds it: that row is soft-deleted',
      act: reconcile,
      expected: async () => ({ first_name: String(before), live: false }),
      found: row(deleted),
      withinMs: 0,
    },
    {
      name: 'every other row was left alone',
      act: async () => undefined,
      expected: atSource(1),
      found: counts,
      withinMs: 0,
    },
    {
      name: 'webhook: a person is created',
      act: () => source.create(created, 'Created', { webhook: true }),
      expected: is('Created', true),
      found: row(created),
      withinMs: webhookMs,
    },
    {
      name: 'webhook: the person is updated',
      act: () => source.change(created, 'Updated', { webhook: true }),
      expected: is('Updated', true),
      found: row(created),
      withinMs: webhookMs,
    },
    {
      name: 'webhook: the person is deleted',
      act: () => source.delete(created, { webhook: true }),
      expected: is('Updated', false),
      found: row(created),
      withinMs: webhookMs,
    },
    {
      name: 'a webhook with a wrong signature is refused',
      act: async () => undefined,
      expected: async () => ({ status: 401 }),
      found: async () => ({ status: await forgedWebhook(`${up.apiUrl}/webhooks/${connectionId}`) }),
      withinMs: 0,
    },
    {
      name: 'in the end: as many live rows as the source has records',
      act: async () => undefined,
      expected: atSource(2),
      found: counts,
      withinMs: 0,
    },
  ];
}

/** Does a step and looks until the table is right, or its time is over. */
export async function perform({ name, act, expected, found, withinMs }: Step): Promise<StepReport> {
  await act();
  const begun = performance.now();
  const wanted = await expected();
  for (;;) {
    const now = await found();
    const milliseconds = Math.round(performance.now() - begun);
    const ok = isDeepStrictEqual(now, wanted);
    if (ok || milliseconds >= withinMs) return { name, ok, expected: wanted, found: now, milliseconds };
    await sleep(20);
  }
}

async function forgedWebhook(url: string): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-pco-webhooks-authenticity': '0'.repeat(64) },
    body: JSON.stringify({ data: [] }),
    signal: AbortSignal.timeout(10_000),
  });
  await response.arrayBuffer();
  return response.status;
}

function entityOf({ config }: Up, name: string): ConnectorEntity {
  const entity = config.connectors.find((connector) => connector.name === 'planning_center')?.entities.get(name);
  if (entity === undefined) throw new Error(`the bundled connector planning_center has no entity ${name}`);
  return entity;
}
