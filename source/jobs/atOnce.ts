import { holds } from '../../schema/definition/listings/valueIs';
import type { SourcePage } from '../contract';
import type { ListAnswer } from '../paging';
import { ended } from '../paging/proof/end';
import { openListing } from '../reading/listReader';
import type { Source } from '../wire/source';
import { type AskedReport, broken, timesNow } from './asked';
import { pageOf } from './pages';
import { checkRange, outsideRange } from './range';

/**
 * The answer at once, where that is the whole; undefined where it is capped, so that nothing of it may be taken. Throws like `streamAll`:
 * ContractBroken where most of it is outside of the range that was asked for.
 */
export async function wholeAtOnce(asked: AskedReport): Promise<SourcePage | undefined> {
  const { entity, name, options, count } = asked;
  const times = timesNow(asked);
  const list = openListing(
    withTimes(asked.source, times),
    entity,
    name,
    { ...options, resumePoint: null },
    times.until,
  );
  const answer = await list.reader.ask({});
  count.requests += list.count.requests;
  if (isCapped(asked, answer)) return undefined;
  const { records, bytes, sent, sourceSent } = answer;
  const { outside, ignored } = outsideRange(asked, times, records);
  if (ignored !== undefined) throw broken(asked, `the answer at once: ${ignored}`, checkRange);
  const end = ended(answer.total === undefined ? 'one-answer' : 'total');
  return pageOf(
    asked,
    { sent, sourceSent, times },
    { records, sentAs: answer.sentAs, bytes, outside, next: null, end },
  );
}

/** The source with the times of a range for the placeholders of a listing that is not filtered by a cursor. */
function withTimes(source: Source, { since, until }: Readonly<Record<string, string>>): Source {
  if (since === undefined || until === undefined) return source;
  const { connection } = source;
  return { ...source, connection: { ...connection, settings: { ...connection.settings, since, until } } };
}

function isCapped({ report }: AskedReport, { body, records, total }: ListAnswer): boolean {
  const { capped } = report;
  if (total !== undefined && total !== records.length) return true;
  if (capped === undefined || capped === 'total') return false;
  return 'records' in capped ? records.length >= capped.records : holds(body, capped);
}
