import type { ProbeFinding } from '../../schema/definition/checks';
import type { World } from './world';

/** What a probe may say against a definition that works: that it asks for larger pages than the source sends. */
export const mayMention = ({ cap, pageSize }: World, { about }: ProbeFinding): boolean =>
  about === 'cap' && cap !== null && cap < pageSize;

/**
 * What is wrong with a source, or with its definition, that no author could write better. Such a run may fail as broken contract, or
 * `probe` may contradict the definition; what it may never do is to differ and say that it succeeded.
 */
export function flawsOf(world: World): string[] {
  const flaws: string[] = [];
  if (world.changes?.field === 'ignored') flaws.push('its filter is ignored');
  if (world.changes?.field === 'otherClock') flaws.push('its changes are filtered by a clock that no record shows');
  if (world.changes?.field === 'nullUntilUpdate') flaws.push('its filter never finds what was not updated yet');
  if (world.wrongNext) flaws.push('the definition looks for the next page in the wrong place');
  if (world.paging === 'page' && world.end !== 'empty' && world.total === 'none' && !world.flag && world.pageSize < 5)
    flaws.push('it refuses the page behind the last, and its pages are too small to tell that from a limit of depth');
  if (world.totalUnlessEmpty) flaws.push('an empty list comes without its total');
  return flaws;
}
