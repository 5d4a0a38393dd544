import type { Knex } from 'knex';
import { otherLiveId } from '../destination/diffScan';
import { type WriteResult, writeAnswers } from '../destination/writeAnswers';
import type { Answers, Counts } from '../schema/answer';
import { TidemarkError } from '../schema/errors';
import { readRecord } from '../source/readRecord';
import type { ActivityDeps } from './deps';
import { inParallel } from './inParallel';
import type { OpenTarget } from './openTarget';

export interface Fetched extends WriteResult {
  readonly fetches: number;
  /** ids that the source neither showed nor called gone: set aside, and never deleted */
  readonly failed: ReadonlyMap<string, string>;
  /** those of them about which the source said nothing at all, while it answered about others */
  readonly unanswered: ReadonlySet<string>;
  /** ids that the source showed */
  readonly live: readonly string[];
}

export interface FetchOptions {
  readonly runId: string | null;
  readonly writtenBy: string;
  readonly signal: AbortSignal;
  /** for deletes on absence, see `TimedGone.receivedBefore` */
  readonly receivedBefore?: number;
  /** `sent`: when the earliest of the requests was sent, in PostgreSQL's time */
  readonly alongside?: (trx: Knex.Transaction, fetched: Fetched, sent: number) => Promise<void>;
  readonly onProgress?: (fetches: number) => void;
}

/**
 * Asks `one` for each id, several at once, and writes all answers in one transaction. They are confirming answers.
 * What is wrong with one record (403, a body that is none, errors while others are answered) sets that record aside; what is
 * wrong with the source throws.
 */
export async function fetchRecords(
  deps: ActivityDeps,
  open: OpenTarget,
  ids: readonly string[],
  options: FetchOptions,
): Promise<Fetched> {
  const answers: Answers[] = [];
  const failed = new Map<string, string>();
  const unanswered = new Set<string>();
  const live: string[] = [];
  let fetches = 0;
  let earliest = Number.POSITIVE_INFINITY;

  await inParallel(ids, open.connector.rateLimit?.concurrency ?? 4, async (id) => {
    fetches += 1;
    const answer = await ask(deps, open, id, options.signal).catch(async (error: unknown) => {
      if (!isUnavailable(error) || !(await answersOthers(deps, open, ids, live[0], options.signal))) throw error;
      unanswered.add(id);
      return nothingSaid(deps, id, error.message);
    });
    earliest = Math.min(earliest, answer.sent);
    answers.push(answer);
    live.push(...answer.live.map((found) => found.id));
    for (const found of answer.setAside) {
      if (found.reason === 'invalid') failed.set(id, found.detail);
      else live.push(id);
    }
    options.onProgress?.(fetches);
  });

  const context = {
    connectionId: open.target.connectionId,
    entity: open.entity,
    confirming: true,
    readLagMs: open.readLagMs,
    writtenBy: options.writtenBy,
  };
  const result = { fetches, failed, unanswered, live };
  const written = await writeAnswers(deps.db, context, answers, {
    runId: options.runId,
    ...(options.receivedBefore === undefined ? {} : { receivedBefore: options.receivedBefore }),
    alongside: async (trx, counts, deleted) => {
      await options.alongside?.(trx, { ...result, counts, deleted, disputed: [] }, earliest);
    },
  });
  deps.metrics.rows(open.target, written.counts);
  return { ...result, ...written };
}

const nothing = { confirming: true, live: [], gone: [], setAside: [] };

async function ask(deps: ActivityDeps, open: OpenTarget, id: string, signal: AbortSignal): Promise<Answers> {
  const sent = deps.clock.sent();
  try {
    const answer = await open.source.getById(open.entity, id, { signal });
    const times = { sent: answer.sent, received: answer.received };
    if (answer.kind === 'gone') return { ...nothing, ...times, gone: [{ id, version: null }] };
    const read = readRecord(open.entity, answer.record, open.mapContext);
    if (read.kind === 'live') return { ...nothing, ...times, live: [read] };
    if (read.kind === 'gone') return { ...nothing, ...times, gone: [read] };
    return { ...nothing, ...times, setAside: [{ ...read, id }] };
  } catch (error) {
    if (!(error instanceof TidemarkError) || error.type !== 'ContractBroken') throw error;
    return { ...nothingSaid(deps, id, error.message), sent };
  }
}

/** The record stays as it is, and is set aside. */
function nothingSaid({ clock }: ActivityDeps, id: string, detail: string): Answers {
  const setAside = [{ id, reason: 'invalid' as const, detail, raw: null }];
  return { ...nothing, sent: clock.sent(), received: clock.received(), setAside };
}

function isUnavailable(error: unknown): error is TidemarkError {
  return error instanceof TidemarkError && error.type === 'SourceUnavailable';
}

/**
 * Whether the source, which has just failed for one record, answers about another: some APIs have records for which they only
 * ever answer 500, and these must not stop the rest.
 */
async function answersOthers(
  { db }: ActivityDeps,
  { source, target, entity }: OpenTarget,
  ids: readonly string[],
  shown: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const other = shown ?? (await otherLiveId(db, target.connectionId, entity, ids));
  if (other === undefined) return false;
  try {
    await source.getById(entity, other, { signal });
    return true;
  } catch (error) {
    if (isUnavailable(error)) return false;
    throw error;
  }
}

/** What became of one record, in a word. */
export function outcomeOf(counts: Counts): 'inserted' | 'updated' | 'unchanged' | 'deleted' | 'refused' | 'set-aside' {
  if (counts.inserted > 0) return 'inserted';
  if (counts.updated > 0) return 'updated';
  if (counts.deleted > 0) return 'deleted';
  if (counts.errors + counts.skipped > 0) return 'set-aside';
  return counts.refused > 0 ? 'refused' : 'unchanged';
}
