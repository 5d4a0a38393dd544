import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Source } from '../wire/source';
import { coveredRange, instantsOf } from './coveredRange';
import type { SampledPage } from './sample';

const about = 'covers';
const day = 24 * 60 * 60 * 1000;
/** Of fewer records nothing is concluded. */
const enough = 3;

/**
 * Whether `ids` lists the range that is declared for it. A range that is wider than the list would make rows look absent that the list never
 * showed. The records themselves are taken from `all`, since `ids` need not show the column.
 */
export function idsCoverFindings(
  source: Source,
  entity: ConnectorEntity,
  all: SampledPage,
  ids: SampledPage,
): ProbeFinding[] {
  const covers = entity.listings.ids?.covers;
  if (covers === undefined) return [];
  const { request } = ids.answer;
  const { begins, ends } = coveredRange(covers, Date.now());
  const instants = new Map([
    ...instantsOf(source, entity, covers, ids.records),
    ...instantsOf(source, entity, covers, all.records),
  ]);
  const listed = new Set(ids.records.map(({ id }) => id));
  const whole = !ids.more;
  const of = (verdict: ProbeFinding['verdict'], finding: string, line: string | null = null): ProbeFinding[] => [
    { about, verdict, finding, request, line },
  ];
  // two days within its ends, so that no edge of a day decides
  const expected = all.records.flatMap(({ id, tombstone }) => {
    const at = id === undefined || tombstone ? undefined : instants.get(id);
    return at !== undefined && at >= begins + 2 * day && at < ends - 2 * day ? [id] : [];
  });
  const lacking = expected.filter((id) => !listed.has(id));
  const line = 'listings.ids: { …, covers: { … } }';
  if (whole && lacking.length >= enough && lacking.length * 10 > expected.length) {
    const finding = `'ids' lacks ${lacking.length} of ${expected.length} records of 'all' that are in the range declared for it, by ${covers.field}: their rows would look absent`;
    return of('contradicts', finding, line);
  }
  const known = [...listed].flatMap((id) => (id === undefined ? [] : (instants.get(id) ?? [])));
  if (known.length < enough)
    return of('unknown', `of ${known.length} records in 'ids' a date or an instant in ${covers.field} is known`);
  const inside = known.filter((at) => at >= begins - day && at <= ends + day).length;
  const shown = `${inside} of ${known.length} records in 'ids' are in the range declared for it, by ${covers.field}`;
  if (inside === 0) return of(whole ? 'contradicts' : 'unknown', shown, line);
  if (!whole) return of('unknown', `${shown}; its further pages were not seen`);
  return of('agrees', `${shown}, and it lacks ${lacking.length} of ${expected.length} that 'all' shows there`);
}
