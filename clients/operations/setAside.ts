import type { Knex } from 'knex';
import { z } from 'zod';
import {
  discardSetAside,
  getSetAside,
  listSetAside,
  type SetAsideEntry,
  stillSetAside,
} from '../../destination/setAside/setAsideEntries';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { TidemarkError } from '../../schema/errors';
import type { Target } from '../../schema/workflows';
import { mapLimited } from '../mapLimited';
import { type Started, startWorkflow } from '../temporal/start';
import { idsAtMost, records as recordsByIds, singleRecord } from '../temporal/workflows';
import { type By, filterInput, type OperatorContext, recordIdInput, type TemporalContext } from './context';
import { assertNames, findTarget } from './targets';

const entryNumber = z.int().min(1);
const because = z.enum(['invalid', 'conflict', 'skipped']);

export const setAsideList = filterInput.extend({
  because: because.optional(),
  /** the record's id at the source */
  record: recordIdInput.optional(),
  /** entries after this one, for the next page */
  after: entryNumber.optional(),
  limit: z.int().min(1).max(1_000).default(100),
});
export type SetAsideList = z.output<typeof setAsideList>;

/** Records that are set aside, those that have been for longest first. Throws TidemarkError 'NotFound' for unknown names. */
export async function findSetAside({ db, connectors }: OperatorContext, input: SetAsideList): Promise<SetAsideEntry[]> {
  await assertNames(db, connectors, input);
  return listSetAside(db, {
    connectionId: input.connection,
    entity: input.entity,
    reason: input.because,
    recordId: input.record,
    afterId: input.after,
    limit: input.limit,
  });
}

export const setAsideRetry = z.strictObject({
  /** the entries' numbers */
  entries: z.array(entryNumber).min(1).max(1_000).optional(),
  /** instead of numbers: all that this finds */
  all: filterInput.extend({ because: because.optional() }).optional(),
});
export type SetAsideRetry = z.output<typeof setAsideRetry>;

/** One workflow that fetches records again. */
export interface Retrying extends Target {
  readonly entries: readonly number[];
  readonly workflow: Started<unknown>;
}

export interface StartedRetry {
  readonly started: readonly Retrying[];
  /** entries whose records cannot be asked for by themselves, and why */
  readonly impossible: readonly { readonly entry: number; readonly why: string }[];
}

/**
 * Has the source asked again for records that are set aside: one by itself, more in batches. Those that can be written now
 * clear themselves, the others have their entry renewed. Throws TidemarkError 'NotFound' for an entry that is not open,
 * 'Usage' where nothing is chosen.
 */
export async function retrySetAside(context: TemporalContext, input: SetAsideRetry): Promise<StartedRetry> {
  const impossible: { entry: number; why: string }[] = [];
  const possible = new Map<string, { target: Target; entity: ConnectorEntity; records: Map<number, string> }>();
  for (const { id, recordId, ...target } of await chosenEntries(context, input)) {
    const key = `${target.connectionId}/${target.entity}`;
    const { entity } =
      possible.get(key) ?? (await findTarget(context.db, context.connectors, target.connectionId, target.entity));
    if (recordId === null) {
      const { connectionId, entity: name } = target;
      const why = `its key could not be read, so the source cannot be asked for it alone: 'tidemark sync ${connectionId} ${name} --full' reads everything, and ends the entry unless it meets it again`;
      impossible.push({ entry: id, why });
    } else if (entity.listings.one === undefined) {
      const why = `${key} has no listing 'one': 'tidemark sync ${target.connectionId} ${target.entity} --full' reads it again`;
      impossible.push({ entry: id, why });
    } else {
      const { connectionId, entity: name } = target;
      const known = possible.get(key) ?? { target: { connectionId, entity: name }, entity, records: new Map() };
      known.records.set(id, recordId);
      possible.set(key, known);
    }
  }
  const chunks = [...possible.values()].flatMap(({ target, entity, records }) =>
    chunked([...records], idsAtMost).map((chunk) => ({ target, entity, chunk })),
  );
  const started = await mapLimited(chunks, 4, async ({ target, entity, chunk }) => {
    const ids = chunk.map(([, recordId]) => recordId);
    const [only] = ids;
    const workflow: Started<unknown> =
      ids.length === 1 && only !== undefined
        ? await startWorkflow(context, singleRecord(entity), { ...target, id: only })
        : await startWorkflow(context, recordsByIds, { ...target, batch: { of: 'ids', ids } });
    return { ...target, entries: chunk.map(([entry]) => entry), workflow };
  });
  return { started, impossible };
}

/** What became of a retry whose workflows have ended: the entries that are still open, with the reason now. */
export function stillAside(db: Knex, { started }: StartedRetry): Promise<SetAsideEntry[]> {
  return stillSetAside(
    db,
    started.flatMap(({ entries }) => entries),
  );
}

/** Gives entries up, audited, all or none. Throws TidemarkError 'NotFound' for one that is not open, 'Usage' without a reason. */
export async function discardEntries(db: Knex, entries: readonly number[], by: By): Promise<SetAsideEntry[]> {
  return db.transaction(async (tx) => {
    const discarded: SetAsideEntry[] = [];
    for (const id of new Set(entries)) discarded.push(await discardSetAside(tx, id, by));
    return discarded;
  });
}

async function chosenEntries(context: TemporalContext, { entries, all }: SetAsideRetry): Promise<SetAsideEntry[]> {
  if ((entries === undefined) === (all === undefined)) {
    throw new TidemarkError('Usage', 'Which set-aside records are to be fetched again? Name entries, or say all');
  }
  if (entries !== undefined) return Promise.all([...new Set(entries)].map((id) => openEntry(context.db, id)));
  const found: SetAsideEntry[] = [];
  for (;;) {
    const page = await findSetAside(context, { ...all, after: found.at(-1)?.id, limit: 1_000 });
    found.push(...page);
    if (page.length < 1_000) return found;
  }
}

async function openEntry(db: Knex, id: number): Promise<SetAsideEntry> {
  const { raw: _payload, ...entry } = await getSetAside(db, id);
  if (entry.clearedAt === null) return entry;
  throw new TidemarkError(
    'NotFound',
    `Set-aside entry ${id} is not open: it was cleared ${entry.clearedAt.toISOString()} (${entry.clearedBy})`,
  );
}

function chunked<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  );
}
