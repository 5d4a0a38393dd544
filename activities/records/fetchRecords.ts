import type { Knex } from 'knex';
import { parentsOfRows } from '../../destination/rows/parents';
import { otherLiveId } from '../../destination/rows/queries/liveIds';
import { type WriteResult, writeAnswers } from '../../destination/rows/writeAnswers';
import type { Answers, Counts } from '../../schema/answer';
import type { RecordAnswer } from '../../source/contract';
import type { ActivityDeps } from '../deps';
import { inParallel } from '../inParallel';
import { type OpenTarget, writeContext } from '../openTarget';
import { relate } from './related';
import { isUnavailable } from './unavailable';

export interface Fetched extends WriteResult {
  readonly fetches: number;
  /** ids that the source neither showed nor called gone, or that PostgreSQL refused: set aside, and never deleted */
  readonly failed: ReadonlyMap<string, string>;
  /** those of them about which the source said nothing at all, while it answered about others */
  readonly unanswered: ReadonlySet<string>;
  /** of ids that are gone because the source answered with another record: the sentence that says so */
  readonly replaced: ReadonlyMap<string, string>;
  /** ids that the source showed */
  readonly live: readonly string[];
  /** when the earliest of the requests was sent, in PostgreSQL's time; Infinity where there was none */
  readonly sent: number;
}

export interface FetchOptions {
  readonly runId: string | null;
  readonly writtenBy: string;
  readonly signal: AbortSignal;
  /** for deletes on absence, see `TimedGone.receivedBefore` */
  readonly receivedBefore?: number;
  readonly alongside?: (trx: Knex.Transaction, fetched: Fetched) => Promise<void>;
  /** a complete listing did not have these ids: with that, an answer about another record proves one of them gone */
  readonly unlisted?: boolean;
  readonly onProgress?: (fetches: number) => void;
  /** the staging table of the scan that listed the ids: it knows in whose list those without a row are */
  readonly staging?: string | undefined;
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
  const replaced = new Map<string, string>();
  const live: string[] = [];
  let fetches = 0;
  let earliest = Number.POSITIVE_INFINITY;

  const parents = await parentsOfRows(deps.db, open.target.connectionId, open.entity, ids, options.staging);
  await inParallel(ids, open.connector.rateLimit?.concurrency ?? 4, async (id) => {
    fetches += 1;
    const ask = () => open.source.ask(open.entity, id, { signal: options.signal, parent: parents.get(id) });
    const answer = await ask().catch(async (error: unknown) => {
      if (!isUnavailable(error) || !(await answersOthers(deps, open, ids, live[0], options.signal))) throw error;
      // one error is no property of the record
      return ask().catch((again: unknown) => {
        if (!isUnavailable(again)) throw again;
        unanswered.add(id);
        return unclear(deps, again.message);
      });
    });
    const said = options.unlisted ? goneIfUnlisted(id, answer) : answer;
    if (answer.kind === 'other-id' && said.kind === 'gone') replaced.set(id, said.detail);
    earliest = Math.min(earliest, said.sent);
    answers.push(answersOf(id, said));
    if (said.kind === 'live' || (said.kind === 'set-aside' && said.setAside.reason !== 'invalid')) live.push(id);
    else if (said.kind !== 'gone') failed.set(id, said.kind === 'set-aside' ? said.setAside.detail : said.detail);
    options.onProgress?.(fetches);
  });

  const related = await relate(deps, open, answers, options.signal);
  for (const [id, problem] of related.unread) failed.set(id, `its related records could not be read: ${problem}`);
  const context = writeContext(open, options.writtenBy, true);
  const fetched = (written: WriteResult): Fetched => ({
    ...written,
    ...{ fetches, unanswered, replaced, live, sent: earliest },
    failed: new Map([...failed, ...written.refusedRows]),
  });
  const written = await writeAnswers(deps.db, context, related.answers, {
    runId: options.runId,
    ...(options.receivedBefore === undefined ? {} : { receivedBefore: options.receivedBefore }),
    alongside: async (trx, written) => options.alongside?.(trx, fetched(written)),
  });
  deps.metrics.rows(open.target, written.counts);
  return fetched(written);
}

function goneIfUnlisted(id: string, said: RecordAnswer): RecordAnswer {
  if (said.kind !== 'other-id' || !said.goneIfUnlisted) return said;
  const { sent, received, detail } = said;
  return { kind: 'gone', gone: { id, version: null }, detail, sent, received };
}

/** What is unclear is set aside: the record stays as it is. */
function answersOf(id: string, said: RecordAnswer): Answers {
  const { sent, received } = said;
  const nothing = { sent, received, live: [], gone: [], setAside: [] };
  switch (said.kind) {
    case 'live':
      return { ...nothing, live: [said.live] };
    case 'gone':
      return { ...nothing, gone: [said.gone] };
    case 'set-aside':
      return { ...nothing, setAside: [said.setAside] };
    case 'other-id':
      return { ...nothing, setAside: [{ id, reason: 'other-id', detail: said.detail, raw: null }] };
    case 'unclear':
      return { ...nothing, setAside: [{ id, reason: 'invalid', detail: said.detail, raw: null }] };
  }
}

function unclear({ clock }: ActivityDeps, detail: string): RecordAnswer {
  return { kind: 'unclear', detail, sent: clock.sent(), received: clock.received() };
}

/**
 * Whether the source, which has just failed for one record, answers about another: some APIs have records for which they only
 * ever answer 500, and these must not stop the rest.
 */
async function answersOthers(
  deps: ActivityDeps,
  open: OpenTarget,
  ids: readonly string[],
  shown: string | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const other = shown ?? (await otherLiveId(deps.db, open.target.connectionId, open.entity, ids));
  if (other === undefined) return false;
  try {
    await open.source.ask(open.entity, other, { signal });
    return true;
  } catch (error) {
    if (isUnavailable(error)) return false;
    throw error;
  }
}

/** The outcome for one record, in a word. */
export function outcomeOf(counts: Counts): 'inserted' | 'updated' | 'unchanged' | 'deleted' | 'refused' | 'set-aside' {
  if (counts.inserted > 0) return 'inserted';
  if (counts.updated > 0) return 'updated';
  if (counts.deleted > 0) return 'deleted';
  if (counts.errors + counts.skipped > 0) return 'set-aside';
  return counts.refused > 0 ? 'refused' : 'unchanged';
}
