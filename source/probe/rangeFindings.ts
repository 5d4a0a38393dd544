import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Source } from '../wire/source';
import { coveredRange, instantsOf } from './coveredRange';
import type { SampledPage } from './sample';

const day = 24 * 60 * 60 * 1000;
/** Of fewer records nothing is concluded. */
const enough = 3;

/**
 * What the first page of `all` says about the range that the list covers. Asks nothing. A range of which the list shows nothing is declared by
 * another field than the source's, or the source ignores it.
 */
export function rangeFindings(source: Source, entity: ConnectorEntity, page: SampledPage): ProbeFinding[] {
  const { covers } = entity.listings.all;
  if (covers === undefined) return [];
  const about = 'covers';
  const { request } = page.answer;
  const { field } = covers;
  const instants = [...instantsOf(source, entity, covers, page.records).values()];
  // further pages may show others
  const whole = !page.more && page.records.length >= enough;
  if (instants.length === 0) {
    const finding = `no record has a date or an instant in column ${field}, by which the range is declared`;
    return [
      {
        about,
        verdict: whole ? 'contradicts' : 'unknown',
        finding,
        request,
        line: 'covers: { field: … }',
      },
    ];
  }
  const { begins, ends } = coveredRange(covers, Date.now());
  const inside = instants.filter((at) => at >= begins - day && at <= ends + day).length;
  const what = `${inside} of ${instants.length} listed records are in the range that is declared, by ${field}`;
  if (inside === 0)
    return [{ about, verdict: whole ? 'contradicts' : 'unknown', finding: what, request, line: 'covers: { … }' }];
  const finding = `${what}; whether the list shows all of the range, only its source knows`;
  return [{ about, verdict: 'unknown', finding, request, line: null }];
}
