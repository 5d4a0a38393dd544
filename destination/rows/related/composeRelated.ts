import type { Knex } from 'knex';
import {
  type Answers,
  type Counts,
  type LiveAnswer,
  noCounts,
  type RelatedPart,
  type SetAsideAnswer,
} from '../../../schema/answer';
import { TidemarkError } from '../../../schema/errors';
import { oweRecords, settleOwedRecords } from '../../owed/owed';
import { eachThatFits, refusedRecord } from '../eachThatFits';
import { jsonText } from '../format/rowArrays';
import type { WriteContext } from '../writeContext';
import { type BestReading, bestReading, judgeRelated } from './relatedRule';
import { type HeldRelated, heldRelated, type KeptTexts, keptTexts, type RelatedWrite, relateRows } from './relateRows';
import { endWithheld, fewerThan, noteHad, type Withheld, withhold } from './withheld';

/** Answers about records of an entity with related records, every row made with the related records that stay. */
export interface Composed {
  readonly answers: readonly Answers[];
  /** rows that cannot be made with the related records that stay */
  readonly setAside: readonly SetAsideAnswer[];
  /** ids whose row was left out, and is made again with the related records that stay */
  readonly broughtBack: readonly string[];
  /** ids whose row is disputed now because of their related records */
  readonly disputed: readonly string[];
  /** of records of which nothing but the related records was read, and of disputes raised by related records */
  readonly counts: Counts;
}

/**
 * The one place where records and their related records come together, for every flow, under the entity's write lock. Decides for each record
 * which related records stay, writes those into rows that exist, with the row's own record mapped again, and makes the incoming rows with
 * what the row then holds: the merge rule that follows compares records under equal related records. A record whose related records could not
 * be read keeps those of its row and is owed; without a row it is owed and not written. A reading that shows fewer than its row holds is kept apart,
 * see `withheld.ts`, and the row keeps what it holds.
 */
export async function composeRelated(
  trx: Knex.Transaction,
  context: WriteContext,
  requests: readonly Answers[],
  runId: string | null = null,
): Promise<Composed> {
  const readings = readingsIn(requests, context.readLagMs);
  if (readings.size === 0)
    return { answers: requests, setAside: [], broughtBack: [], disputed: [], counts: { ...noCounts } };
  const { connectionId, entity } = context;
  const target = { connectionId, entity: entity.name };
  const incoming = [...readings].map(([id, best]) => ({ id, json: best?.part.json ?? null }));
  const held = await heldRelated(trx, connectionId, entity, incoming);
  const toCompare = [...held.values()].filter((row) => row.differs && !isUsers(context, row)).map(({ id }) => id);
  const kept = await keptTexts(trx, connectionId, entity, toCompare);
  const decided = new Map(
    [...readings].map(([id, best]) => {
      const row = held.get(id);
      const users = row !== undefined && isUsers(context, row);
      return [id, users ? usersOwn : decide(context, id, best, row, kept.get(id))];
    }),
  );
  const decisions = [...decided.values()];

  const aside = decisions.flatMap(({ setAside }) => setAside ?? []);
  const changed = new Set<string>();
  const writes = decisions.flatMap(({ write }) => write ?? []);
  await eachThatFits(trx, writes, {
    write: (part) => relateRows(trx, connectionId, entity, part),
    landed: (ids) => {
      for (const id of ids) changed.add(id);
    },
    refused: ({ id }, error) => aside.push(refusedRecord(id, null, error)),
  });
  await oweRecords(
    trx,
    target,
    idsOf(decided, ({ owed }) => owed),
    'unread',
  );
  const complete = [...readings].flatMap(([id, best]) =>
    best === undefined || decided.get(id)?.owed ? [] : [{ id, sent: best.part.sent }],
  );
  await settleOwedRecords(trx, target, complete);
  const withheld = decisions.flatMap(({ withheld }) => withheld ?? []);
  await withhold(trx, target, runId, withheld);
  await endWithheld(
    trx,
    target,
    complete.filter(({ id }) => decided.get(id)?.withheld === undefined),
  );
  const live = [...held.values()].filter(
    ({ id, deleted, leftOut }) => !deleted && !leftOut && readings.get(id) !== undefined,
  );
  await noteHad(trx, runId, live);

  const answers = requests.map((request) => madeWith(context, request, decided, changed));
  const alone = new Set(requests.flatMap(({ related = [] }) => related.map(({ id }) => id)));
  const updated = [...alone].filter((id) => changed.has(id)).length;
  const disputed = idsOf(decided, ({ write }) => write?.disputedAt != null);
  const counts = { ...noCounts, updated, unchanged: alone.size - updated, disputed: disputed.length };
  const broughtBack = idsOf(decided, ({ write }) => write?.row !== undefined && held.get(write.id)?.leftOut === true);
  return { answers, setAside: aside, broughtBack, disputed, counts };
}

/** The best reading for each record of the answers; undefined for one whose related records could not be read. */
function readingsIn(requests: readonly Answers[], readLagMs: number): Map<string, BestReading | undefined> {
  const parts = new Map<string, RelatedPart[]>();
  const note = (id: string, part: RelatedPart | undefined) => {
    const known = parts.get(id) ?? [];
    if (part !== undefined) known.push(part);
    parts.set(id, known);
  };
  for (const { live, setAside, related = [] } of requests) {
    for (const answer of live) note(answer.id, answer.related);
    for (const answer of setAside)
      if (answer.id !== null && answer.related !== undefined) note(answer.id, answer.related);
    for (const answer of related) note(answer.id, answer.related);
  }
  return new Map([...parts].map(([id, all]) => [id, bestReading(all, readLagMs)]));
}

/** Under the conflict policy `skip` the columns of a live row are the user's. */
function isUsers({ entity }: WriteContext, row: HeldRelated): boolean {
  return entity.conflict === 'skip' && !row.deleted;
}

interface Decision {
  /** JSON of the related records that stay; undefined: none are known */
  readonly stays: string | undefined;
  /** the incoming reading where it stays */
  readonly part?: RelatedPart;
  readonly owed: boolean;
  readonly write?: RelatedWrite;
  readonly setAside?: SetAsideAnswer;
  /** the incoming reading, which shows fewer than the row holds */
  readonly withheld?: Withheld;
  /** nothing is written of it */
  readonly untouched?: true;
}

const usersOwn: Decision = { stays: undefined, owed: false, untouched: true };

function decide(
  context: WriteContext,
  id: string,
  best: BestReading | undefined,
  row: HeldRelated | undefined,
  kept: KeptTexts | undefined,
): Decision {
  const held = kept?.related ?? undefined;
  if (best === undefined) return { stays: held, owed: true };
  const { part, contradicted } = best;
  const incoming = { stays: part.json, part, owed: contradicted };
  if (row === undefined) return incoming;
  if (!row.differs) {
    // as for a confirming answer that finds its row unchanged: what was requested before it counts no longer
    const newer = context.confirming && part.sent > (row.sent ?? Number.NEGATIVE_INFINITY);
    return newer ? { ...incoming, write: { id, part, row: undefined, disputedAt: null } } : incoming;
  }
  const { wins, overlap } =
    row.sent === null || row.received === null
      ? { wins: true, overlap: false }
      : judgeRelated(part, { sent: row.sent, received: row.received }, context.readLagMs);
  if (!wins && !overlap) return { stays: held, owed: contradicted };
  const fewer =
    !wins || held === undefined || row.deleted || row.leftOut || context.acceptsFewer
      ? undefined
      : fewerThan(held, part.json);
  if (fewer !== undefined) return { stays: held, owed: contradicted, withheld: { id, part, ...fewer } };
  const mapped = row.deleted || kept?.raw == null ? undefined : remapped(context, id, kept.raw, part.json);
  const disputedAt =
    overlap && differs(context, id, kept, mapped) ? Math.max(part.received, Math.ceil(row.received ?? 0)) : null;
  if (!wins) {
    const write = disputedAt === null ? {} : { write: { id, part: undefined, row: undefined, disputedAt } };
    return { stays: held, owed: contradicted, ...write };
  }
  const aside = mapped != null && 'reason' in mapped ? { setAside: mapped } : {};
  const columns = mapped != null && 'row' in mapped ? mapped.row : undefined;
  const skipped = aside.setAside?.reason === 'skipped';
  return { ...incoming, ...aside, write: { id, part, row: columns, skipped, disputedAt } };
}

type Mapped = LiveAnswer | SetAsideAnswer | null | undefined;

/** Whether the row's own record makes another row with the incoming related records than with those that the row holds. */
function differs(context: WriteContext, id: string, kept: KeptTexts | undefined, mapped: Mapped): boolean {
  if (kept?.raw == null || kept.related === null || mapped == null) return false;
  const before = remapped(context, id, kept.raw, kept.related);
  return contentOf(before) !== contentOf(mapped);
}

function contentOf(mapped: Mapped): string {
  if (mapped == null) return '';
  return 'row' in mapped ? JSON.stringify(mapped.row) : `${mapped.reason} ${mapped.detail}`;
}

/** The answers of one request, with rows made with the related records that stay. */
function madeWith(
  context: WriteContext,
  request: Answers,
  decided: ReadonlyMap<string, Decision>,
  changed: ReadonlySet<string>,
): Answers {
  const live: LiveAnswer[] = [];
  const setAside: SetAsideAnswer[] = [];
  const make = (answer: LiveAnswer | SetAsideAnswer) => {
    const { stays, part, untouched } = decided.get(answer.id ?? '') as Decision;
    if (untouched || (stays !== undefined && answer.related?.json === stays)) return note(answer);
    // without related records there is no row, and it is owed
    if (stays === undefined || answer.id === null) return;
    const made = remapped(context, answer.id, jsonText(answer.raw) ?? 'null', stays);
    if (made !== null) note(part === undefined ? made : { ...made, related: part });
  };
  const note = (answer: LiveAnswer | SetAsideAnswer) => {
    if (!('row' in answer)) setAside.push(answer);
    else live.push(changed.has(answer.id) ? { ...answer, relatedChanged: true } : answer);
  };
  for (const answer of request.live) make(answer);
  for (const answer of request.setAside) {
    if (answer.id !== null && answer.related !== undefined) make(answer);
    else setAside.push(answer);
  }
  return { ...request, live, setAside };
}

function remapped(
  { entity, remap }: WriteContext,
  id: string,
  raw: string,
  related: string,
): LiveAnswer | SetAsideAnswer | null {
  if (remap === undefined) {
    throw new TidemarkError(
      'Unexpected',
      `Rows of ${entity.name} are made with related records, and the writer was given no mapping`,
    );
  }
  return remap(id, raw, related);
}

function idsOf(decided: ReadonlyMap<string, Decision>, which: (decision: Decision) => boolean): string[] {
  return [...decided].flatMap(([id, decision]) => (which(decision) ? [id] : []));
}
