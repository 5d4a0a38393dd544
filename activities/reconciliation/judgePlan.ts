import type { closeItems } from '../../destination/plans/plans';
import type { OpenTarget } from '../openTarget';
import type { Fetched } from '../records/fetchRecords';
import { isUnavailable } from '../records/unavailable';

/** Of at most this many listed records, some may have ids that no request can hold. */
export const vouchersAtMost = 20;
const askedAtMost = 3;

/**
 * Why a 404 of this source is no evidence just now: none of the ids that it listed itself answers live. Null when one does.
 * One that is refused, or never answered, vouches for nothing, and the next one is asked; one whose id no request can hold is passed over. Throws where nothing can be said yet.
 */
export async function whyDoubt(
  open: OpenTarget,
  known: readonly string[],
  approved: boolean,
  signal: AbortSignal,
): Promise<string | null> {
  // an emptied source has nothing left that could answer: the operator who approved has vouched for it
  if (approved && known.length === 0) return null;
  let unavailable: Error | undefined;
  const asked: string[] = [];
  for (const id of known) {
    if (asked.length === askedAtMost) break;
    try {
      const answer = await open.source.ask(open.entity, id, { signal });
      if (answer.kind === 'live' || answer.kind === 'set-aside') return null;
      if (answer.kind !== 'unclear' || !answer.unsent) asked.push(id);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      unavailable = error;
      asked.push(id);
    }
  }
  if (unavailable) throw unavailable;
  const found =
    asked.length === 0
      ? 'no record that the source lists has a live row to fetch by id'
      : `records that the source itself lists (${asked.join(', ')}) do not answer as live`;
  return `${found}, so a 404 proves nothing: is the token of the right account? Nothing was deleted`;
}

type Judged = Parameters<typeof closeItems>[2];

/** The outcome for each gone or unlisted row of a plan that the source was asked for. */
export function judge(ids: readonly string[], fetched: Fetched): Judged {
  const live = new Set(fetched.live);
  const deleted = new Set(fetched.deleted);
  return ids.map((id) => {
    const problem = fetched.failed.get(id);
    if (problem !== undefined) return { id, outcome: 'failed', detail: problem };
    if (deleted.has(id))
      return { id, outcome: 'deleted', detail: `not listed, and ${fetched.replaced.get(id) ?? 'gone when asked'}` };
    if (live.has(id)) return { id, outcome: 'live', detail: 'not listed, but the source still answers it' };
    return { id, outcome: 'exempt', detail: 'received after the scan began' };
  });
}

/** … and that two complete scans did not list. */
export function judgeAbsent(ids: readonly string[], deleted: readonly string[]): Judged {
  const gone = new Set(deleted);
  const detail = 'not listed by two complete scans';
  return ids.map((id) => ({ id, outcome: gone.has(id) ? 'deleted' : 'exempt', detail }));
}
