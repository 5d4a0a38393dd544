import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { ChangesListing } from '../../schema/definition/listings/listing';
import { type Query, schemeOf } from '../paging';
import { namesNext } from '../paging/next';
import { tokenIn } from '../reading/token';
import type { Probed } from './asker';
import { endOf } from './endFinding';
import type { SampledPage } from './sample';

/**
 * Whether the definition would notice the end of a feed. Feeds name a token with their last page too, from which a later request goes on: without
 * a flag that says whether there is more now, such a list never ends.
 *
 * @param page what the feed lists since a token that was given just now: next to nothing
 */
export async function feedEndFindings(
  entity: ConnectorEntity,
  listing: ChangesListing,
  page: SampledPage,
  ask: (query: Query) => Promise<Probed>,
): Promise<ProbeFinding[]> {
  const found = await endOf(entity, { name: 'changes', listing, page, ask });
  const contradictions = found.filter(({ verdict }) => verdict === 'contradicts');
  const { paging } = listing;
  const promised = schemeOf(paging).promises(paging, page.answer);
  if (contradictions.length > 0 || !promised || page.came > 0 || !('next' in paging) || !('param' in paging))
    return contradictions;
  const named = tokenAt(page.answer, paging.next);
  if (named === undefined) return [];
  const following = await ask({ [paging.param]: named });
  if (following.status !== 200 || !namesNext(following, paging.next, false)) return [];
  if (tokenAt(following, paging.next) !== named) return [];
  return [
    {
      about: 'end',
      verdict: 'contradicts',
      finding: "of 'changes', an empty page names a next one, and that page names itself: the list would never end",
      request: following.request,
      line: 'changes: { …, paging: { …, more: … } }   // what says whether there is more now',
    },
  ];
}

function tokenAt(answer: Probed, at: Parameters<typeof tokenIn>[1]): string | undefined {
  try {
    return tokenIn(answer, at, (problem) => new RangeError(problem)) ?? undefined;
  } catch {
    return undefined;
  }
}
