import type { Knex } from 'knex';
import {
  discardSetAside,
  getSetAside,
  listSetAside,
  type SetAsideEntry,
} from '../../../destination/setAside/setAsideEntries';
import type { ConnectorEntity } from '../../../schema/definition/connector';
import { TidemarkError } from '../../../schema/errors';
import type { Target } from '../../../schema/workflows';
import { mapLimited } from '../../mapLimited';
import { startWorkflow } from '../../temporal/start';
import { idsAtMost, records, singleRecord } from '../../temporal/workflows';
import type { By, OperationContext } from '../definition/context';
import { startContext } from './runs/runs';
import { type StartedIds, startedIds } from './runs/started';
import { assertNames, findTarget } from './targets';

/** Which entries: those of a connection, of an entity, set aside for one reason. */
export interface SetAsideChoice {
  readonly connection?: string | undefined;
  readonly entity?: string | undefined;
  readonly because?: SetAsideEntry['reason'] | undefined;
}

export interface SetAsideList extends SetAsideChoice {
  /** the record's id at the source */
  readonly record?: string | undefined;
  /** entries after this one, for the next page */
  readonly after?: number | undefined;
  readonly limit: number;
}

/** Open entries, oldest first. Throws TidemarkError 'NotFound' for unknown names. */
export async function listEntries(
  context: OperationContext,
  input: SetAsideList,
): Promise<{ readonly entries: readonly SetAsideEntry[] }> {
  await assertNames(context, input);
  const { connection: connectionId, because: reason, record: recordId, after: afterId, entity, limit } = input;
  return { entries: await listSetAside(context.db, { connectionId, entity, reason, recordId, afterId, limit }) };
}

/** One entry with its payload. Throws TidemarkError 'NotFound'. */
export function showEntry({ db }: OperationContext, { entry }: { readonly entry: number }) {
  return getSetAside(db, entry);
}

/** Either `entries`, or `all` that the others find. */
export interface SetAsideRetry extends SetAsideChoice {
  readonly entries?: readonly number[] | undefined;
  readonly all: boolean;
}

export interface StartedRetry {
  /** one workflow each */
  readonly started: readonly (Target & StartedIds & { readonly entries: readonly number[] })[];
  /** entries whose records cannot be fetched by id, and why */
  readonly impossible: readonly { readonly entry: number; readonly why: string }[];
}

/**
 * Fetches set-aside records again: one by itself, several in batches. An entry whose record can be written now is cleared, the
 * others are kept with the latest reason. Throws TidemarkError 'NotFound' for an entry that is not open, 'Usage' where nothing
 * is chosen, or both ways at once.
 */
export async function retryEntries(context: OperationContext, input: SetAsideRetry): Promise<StartedRetry> {
  const impossible: { entry: number; why: string }[] = [];
  const possible = new Map<string, { target: Target; entity: ConnectorEntity; records: Map<number, string> }>();
  for (const { id, recordId, connectionId, entity: name } of await chosenEntries(context, input)) {
    const key = `${connectionId}/${name}`;
    const known = possible.get(key);
    const entity = known?.entity ?? (await findTarget(context, { connection: connectionId, entity: name })).entity;
    const full = `'tidemark sync ${connectionId} ${name} --full' reads everything`;
    if (recordId === null) {
      const why = `its key could not be read, so it cannot be fetched by id: ${full}, and clears the entry unless it finds the record again`;
      impossible.push({ entry: id, why });
    } else if (entity.listings.one === undefined) {
      impossible.push({ entry: id, why: `${key} has no listing 'one': ${full}` });
    } else {
      const found = known ?? { target: { connectionId, entity: name }, entity, records: new Map() };
      found.records.set(id, recordId);
      possible.set(key, found);
    }
  }
  const chunks = [...possible.values()].flatMap(({ target, entity, records: all }) =>
    chunked([...all], idsAtMost).map((chunk) => ({ target, entity, chunk })),
  );
  const starting = await startContext(context);
  const started = await mapLimited(chunks, 4, async ({ target, entity, chunk }) => {
    const ids = chunk.map(([, recordId]) => recordId);
    const [only] = ids;
    const workflow =
      ids.length === 1 && only !== undefined
        ? await startWorkflow(starting, singleRecord(entity), { ...target, id: only })
        : await startWorkflow(starting, records, { ...target, batch: { of: 'ids', ids } });
    return { ...target, entries: chunk.map(([entry]) => entry), ...startedIds(workflow) };
  });
  return { started, impossible };
}

/** Gives entries up, audited, all or none. Throws TidemarkError 'NotFound' for one that is not open, 'Usage' without a reason. */
export async function discardEntries(
  { db }: Pick<OperationContext, 'db'>,
  { entries }: { readonly entries: readonly number[] },
  by: By,
): Promise<{ readonly discarded: readonly SetAsideEntry[] }> {
  return db.transaction(async (tx) => {
    const discarded: SetAsideEntry[] = [];
    for (const id of new Set(entries)) discarded.push(await discardSetAside(tx, id, by));
    return { discarded };
  });
}

async function chosenEntries(
  context: OperationContext,
  { entries, all, ...which }: SetAsideRetry,
): Promise<SetAsideEntry[]> {
  const narrowed = Object.values(which).some((one) => one !== undefined);
  if ((entries === undefined) === !all || (entries !== undefined && narrowed)) {
    throw new TidemarkError(
      'Usage',
      'Choose which set-aside records to fetch again: name either the numbers of entries, or all, narrowed by connection, entity and because',
    );
  }
  if (entries !== undefined) return Promise.all([...new Set(entries)].map((id) => openEntry(context.db, id)));
  const found: SetAsideEntry[] = [];
  for (;;) {
    const { entries: page } = await listEntries(context, { ...which, after: found.at(-1)?.id, limit: 1_000 });
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
