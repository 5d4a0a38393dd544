import { z } from 'zod';
import type { ResumePoint } from '../../schema/definition/listings/listing';
import type { Paging } from '../../schema/definition/listings/paging';
import type { More } from '../../schema/definition/listings/valueIs';
import { type NextAt, nextIn, place, speaksOfNext } from './next';
import { CycleFinder, cyclePoint } from './proof/cycle';
import { ended, type ListEnd } from './proof/end';
import { placeOfMore, speaksOfMore, toldAt } from './proof/more';
import { RepeatFinder, repeatsPoint } from './proof/repeats';
import { Tally, tallyPoint } from './proof/tally';
import { resumed } from './resume';
import type { ListAnswer, ListedPage, ListReader } from './scheme';

const chainPoint = z.strictObject({
  scheme: z.string(),
  next: z.string(),
  empty: z.int().min(0),
  ...tallyPoint,
  ...cyclePoint,
  ...repeatsPoint,
});

/** A resume point that is longer would weigh more than a page. */
const longestNext = 65_536;
/** Empty pages in a row that still promise more: some APIs filter after paging, none does so forever. */
const mostEmptyPages = 1_000;

/** What distinguishes lists in which each page names the next. */
export interface Chain {
  readonly next: NextAt;
  /** what says that another page follows, where that is not whether one is named */
  readonly more: More | undefined;
  /** whether `next` is an address */
  readonly asLink: boolean;
  /** Fetches the page of this name; the first without one, of this size where the size can be asked for. */
  ask(name: string | undefined, size?: number): Promise<ListAnswer>;
  /** whether the first page can be asked for in another size */
  readonly sizable: boolean;
  nameOf(answer: ListAnswer, next: string): string;
}

/**
 * Follows a list in which each page names the next. The list ends where a page names no further one, the total, where there
 * is one, agrees, and the sign for "go on" was seen to differ.
 */
export async function* followChain(
  reader: ListReader<Paging>,
  resume: ResumePoint | null,
  chain: Chain,
): AsyncGenerator<ListedPage, void, undefined> {
  const { scheme } = reader.paging;
  const point = resumed(reader, chainPoint.extend({ scheme: z.literal(scheme) }), resume);
  const tally = new Tally(reader, point);
  const cycle = new CycleFinder(point);
  const repeats = new RepeatFinder(point);
  let empty = point?.empty ?? 0;
  let name = point?.next;
  for (;;) {
    const answer = await chain.ask(name);
    const { records } = answer;
    tally.add(answer, records);
    const next = namedNext(reader, chain, answer, name !== undefined);
    if (next === undefined) {
      const byTotal = tally.close();
      const end = byTotal ? ended('total') : name === undefined ? await endOfOne(reader, chain, answer) : ended('sign');
      yield { answer, records, next: null, end };
      return;
    }
    reader.sign.note();
    const following = chain.nameOf(answer, next);
    if (following.length > longestNext) {
      throw reader.broken(
        `the name of the next page has ${following.length} characters, and at most ${longestNext} are kept`,
        'Ask for smaller pages, or page by something else',
      );
    }
    if (following === name || cycle.isBack(following)) {
      throw reader.broken(
        'the page that it names as next has been read already: the list goes in a circle',
        'It has not ended, so nothing is concluded from it; report it to the source',
      );
    }
    repeats.add(reader, records);
    empty = records.length === 0 ? empty + 1 : 0;
    if (empty > mostEmptyPages) throw reader.broken(`${empty} pages in a row were empty and promised more`);
    name = following;
    const onward = { ...tally.point, ...cycle.point, ...repeats.point, scheme, next: following, empty };
    yield { answer, records, next: onward, end: null };
  }
}

/**
 * What names the page that follows; undefined where none does. With a declared flag the flag decides: some feeds name a token with their last
 * page too, where a later request may go on. Throws ContractBroken where flag and name contradict each other.
 */
function namedNext(
  reader: ListReader<Paging>,
  { more, next: at, asLink }: Chain,
  answer: ListAnswer,
  followed: boolean,
): string | undefined {
  const next = nextIn(reader, answer, at, asLink);
  if (more === undefined) return next;
  const flag = placeOfMore(more);
  if (toldAt(answer, more)) {
    if (next !== undefined) return next;
    throw reader.broken(
      `'${flag}' promises a further page, but ${place(at)} names none`,
      'The definition looks in the wrong place: correct `paging.next` or `paging.more`',
    );
  }
  // without a word about it, the flag ends a list only where it was seen to keep one going
  if (next === undefined || speaksOfMore(answer, more) || followed || reader.sign.seen) return undefined;
  throw reader.broken(
    `${place(at)} names a further page, but '${flag}' is missing, which says whether the list goes on`,
    'The definition looks in the wrong place: correct `paging.more`',
  );
}

/**
 * The first page named no other. Either it is the whole list, or the definition looks in a place where this source never names a
 * page. A response that speaks of a next page, if only to say `null`, tells them apart; so does any page seen earlier, and so does the
 * same list in pages of half the size, which must go on. Throws ContractBroken where it does not.
 */
async function endOfOne(reader: ListReader<Paging>, chain: Chain, answer: ListAnswer): Promise<ListEnd> {
  const came = answer.records.length;
  if (came === 0) return ended('empty-page');
  if (reader.sign.seen || speaksOfNext(answer, chain.next) || speaksOfMore(answer, chain.more)) return ended('sign');
  if (!chain.sizable) return ended('absence');
  if (came === 1) return ended((reader.pageSize ?? 1) > 1 ? 'short-page' : 'absence');
  const half = Math.floor(came / 2);
  const smaller = await reader.attempt(() => chain.ask(undefined, half));
  // refused, or the size is not honoured: nothing is learned from it
  if (smaller === undefined) return ended('absence');
  if (namedNext(reader, chain, smaller, false) !== undefined) {
    reader.sign.note();
    return ended('sign');
  }
  if (smaller.records.length > half || smaller.records.length === 0) return ended('absence');
  throw reader.broken(
    `${came} records came, then ${smaller.records.length} when ${half} were asked for, and neither page names a next one at ${place(chain.next)}`,
    'The list goes on where the definition does not look: correct `paging.next`',
  );
}
