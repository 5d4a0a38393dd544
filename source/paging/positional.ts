import { z } from 'zod';
import type { ResumePoint } from '../../schema/definition/listings/listing';
import { Ahead } from './ahead';
import { type Asked, type AskFor, checkFlag, checkRefusal, nothingBehind } from './proof/behind';
import { type EndProof, ended as endedBy } from './proof/end';
import { toldAt } from './proof/more';
import {
  beginsWith,
  type Continuation,
  continuation,
  contradictory,
  following,
  goesOn,
  mostRecounts,
  mostStepsBack,
  mostWithoutNew,
  movesTooFast,
  readTail,
  type Tail,
  tailPoint,
  writeTail,
} from './proof/seam';
import { resumed } from './resume';
import type { ListAnswer, ListedPage, ListReader, PagingOf, Query } from './scheme';

type Reader = ListReader<PagingOf<'offset'> | PagingOf<'page'>>;

/** A stretch of the list and how to ask for it. */
export interface Stretch {
  /** position of its first record, counted from 0 */
  readonly from: number;
  /** how many records are asked for */
  readonly size: number;
  readonly query: Query;
}

/** How a scheme asks by position. */
export interface Positions {
  /** The stretch that begins at `wanted` or, where the scheme cannot begin just there, a little earlier. */
  stretch(wanted: number, size: number): Stretch;
  /** how many records of what was read before are requested again with each page, to prove that nothing slipped over the seam */
  readonly overlap: number;
  /** positions are made of page numbers, so both sides must mean the same page size */
  readonly sizeMatters: boolean;
}

const point = z.strictObject({
  scheme: z.string(),
  position: z.int().min(0),
  size: z.int().min(1),
  largest: z.int().min(0),
  ...tailPoint,
});

interface Reading extends Continuation {
  readonly answer: ListAnswer;
  /** how many records were asked for */
  readonly asked: number;
  /** the position of its first record */
  readonly from: number;
  /** the position behind the answer's last record */
  readonly reached: number;
}

/**
 * Reads a list by position. Each answer begins with records that are known, which must be there unchanged; otherwise the
 * list has moved, and it is read again from further back until what is known turns up. Each step is as long as what
 * came, not as what was asked for, so a source that silently caps the page size loses nothing. At the end the position
 * reached must be the total exactly: both are of the same answer, so this holds however the list moved before.
 */
export async function* readByPosition(
  reader: Reader,
  resume: ResumePoint | null,
  positions: Positions,
): AsyncGenerator<ListedPage, void, undefined> {
  const { scheme, param, sizeParam } = reader.paging;
  const start = resumed(reader, point.extend({ scheme: z.literal(scheme) }), resume);
  const wanted = reader.pageSize ?? reader.paging.pageSize;
  if (wanted <= positions.overlap) {
    throw reader.broken(`pages of ${wanted} cannot overlap by ${positions.overlap}`, 'Ask for larger pages');
  }
  // what is resumed may be smaller: the size that the source cut pages to, which those that follow have without overlapping too
  let size = start?.size ?? wanted;
  let position = start?.position ?? 0;
  let largest = start?.largest ?? 0;
  let tail = readTail(start);
  let withoutNew = 0;
  let recounts = 0;
  /** the last page that came reached behind the last record */
  let across = false;
  const byCount = reader.counted || reader.paging.more !== undefined;
  const askAt: AskFor = (at, pageSize, behind) => askFor(reader, positions, at, pageSize, { behind });
  const ahead = new Ahead(reader);
  for (;;) {
    const {
      answer,
      asked,
      from,
      fresh,
      reached,
      tail: behind,
    } = await readOn(ahead, reader, positions, position, tail, size, !byCount);
    const came = answer.records.length;
    const promised = answer.refused ? undefined : toldAt(answer, reader.paging.more);
    if (promised) reader.sign.note();
    const more = goesOn(answer, {
      reached,
      promised,
      fullPage: Math.min(asked, largest),
    });
    if (contradictory(answer, reached, more)) {
      if (recounts >= mostRecounts) {
        throw reader.broken(
          `the list ${more ? 'goes on' : 'ends'} after ${reached} records, but its own total is ${answer.total}`,
          'Nothing is concluded from a list that contradicts itself; check the paths of `total` and `more`',
        );
      }
      recounts += 1;
      continue;
    }
    recounts = 0;
    withoutNew = fresh.length === 0 ? withoutNew + 1 : 0;
    const onlyOverlap = withoutNew > 0 && came <= positions.overlap;
    const ended =
      !more || (onlyOverlap && !byCount && answer.total === undefined && (await nothingBehind(askAt, reached, size)));
    if (!ended && (came === 0 || withoutNew >= mostWithoutNew)) {
      throw reader.broken(
        came === 0
          ? `the page from position ${reached} on is empty, but it promises more`
          : `${withoutNew} pages in a row brought nothing new, but it promises more`,
        `Check that the source honours '${param}' and '${sizeParam}', and that the list does not grow at its front`,
      );
    }
    // a silent cap: from now on pages are asked for in the size that they come in
    if (positions.sizeMatters && largest === 0 && came < size && !ended) size = came;
    let provedBy = proofOf(answer, promised);
    if (ended && provedBy === 'sign' && start === null) {
      provedBy = await checkFlag(reader, askAt, { answer, reached, size: positions.sizeMatters ? came : size });
    }
    if (answer.refused && !across) await checkRefusal(reader, askAt, reached);
    across = from + asked > reached;
    position = reached;
    largest = Math.max(largest, came);
    tail = behind;
    const next = ended ? null : { scheme, position, size, largest, ...writeTail(tail) };
    if (!ended && positions.overlap === 0)
      ahead.expect(upcoming(positions, position, answer.total ?? 0, size, ahead.width(size)));
    if (ended || fresh.length > 0) yield { answer, records: fresh, next, end: ended ? endedBy(provedBy) : null };
    if (ended) return;
  }
}

function proofOf(answer: ListAnswer, promised: boolean | undefined): EndProof {
  if (answer.refused) return 'refused-page';
  if (answer.total !== undefined) return 'total';
  if (answer.records.length === 0) return 'empty-page';
  return promised === undefined ? 'short-page' : 'sign';
}

/** The pages that follow, as far as the total reaches: none where the source does not tell it, since nothing is asked in vain. */
function upcoming(positions: Positions, position: number, total: number, size: number, width: number): Query[] {
  const queries: Query[] = [];
  for (let from = position; from < total && queries.length < width; from += size) {
    queries.push(positions.stretch(from, size).query);
  }
  return queries;
}

/** Reads from `position` on, with what lies before it as proof that nothing slipped over the seam. */
async function readOn(
  ahead: Ahead,
  reader: Reader,
  positions: Positions,
  position: number,
  tail: Tail,
  size: number,
  mayBeBehind: boolean,
): Promise<Reading> {
  const behind = mayBeBehind && position > 0;
  if (tail.known.length === 0 || positions.overlap === 0) {
    const { answer, asked, from } = await askFor(reader, positions, position, size, { by: ahead, behind });
    if (from !== position) throw reader.broken(`position ${position} is not the beginning of a page of ${size}`);
    return { answer, asked, from, ...following(reader, tail, answer.records), reached: from + answer.records.length };
  }
  let back = Math.min(positions.overlap, tail.known.length);
  for (let steps = 0; steps <= mostStepsBack; steps += 1) {
    const stretch = positions.stretch(Math.max(0, position - back), size);
    if (steps === 0 && stretch.from + stretch.size <= position) {
      const bridged = await bridge(reader, positions, position, tail, size, behind);
      if (bridged) return bridged;
    }
    const { answer, asked, from } = await askFor(reader, positions, Math.max(0, position - back), size);
    const reached = from + answer.records.length;
    const seam = position - from;
    if (steps === 0 && beginsWith(reader, tail, back, answer.records.slice(seam - back))) {
      return { answer, asked, from, ...following(reader, tail, answer.records.slice(seam)), reached };
    }
    const found = continuation(reader, tail, answer.records);
    if (found) return { answer, asked, from, ...found, reached };
    if (from === 0) break;
    // first to where the whole tail was, then by pages
    back = steps === 0 ? Math.max(tail.known.length, Math.floor(size / 2)) : back * 2;
  }
  throw movesTooFast(reader);
}

/**
 * No stretch holds both the last known record and the next one (with pages of 4, position 12 begins a page of 4, 3, 2 and
 * 1): the next is read on its own, and the record before it afterwards. Undefined when the list has moved. Weaker, since the
 * list may move between the two and back; only pages of less than about ten meet such positions in lists of real length.
 */
async function bridge(
  reader: Reader,
  positions: Positions,
  position: number,
  tail: Tail,
  size: number,
  behind: boolean,
): Promise<Reading | undefined> {
  const next = await askFor(reader, positions, position, size, { behind });
  const before = await askFor(reader, positions, position - 1, size);
  if (next.from !== position || !beginsWith(reader, tail, 1, before.answer.records.slice(position - 1 - before.from))) {
    return undefined;
  }
  const { answer, asked } = next;
  const from = position;
  return { answer, asked, from, ...following(reader, tail, answer.records), reached: position + answer.records.length };
}

async function askFor(
  reader: Reader,
  positions: Positions,
  wanted: number,
  size: number,
  { by = reader, behind = false }: { by?: Pick<Reader | Ahead, 'ask'>; behind?: boolean } = {},
): Promise<Asked> {
  const stretch = positions.stretch(wanted, size);
  const answer = await by.ask(stretch.query, { behind });
  if (positions.sizeMatters && answer.records.length > stretch.size) {
    throw reader.broken(
      `${answer.records.length} records came, but ${stretch.size} were asked for`,
      `Check that the source honours '${reader.paging.sizeParam}': page numbers mean nothing without it`,
    );
  }
  return { answer, asked: stretch.size, from: stretch.from };
}
