import type { ListAnswer, ListReader, PagingOf } from '../scheme';
import { placeOfMore, speaksOfMore } from './more';

/** A page that was asked for by position. */
export interface Asked {
  readonly answer: ListAnswer;
  readonly asked: number;
  readonly from: number;
}

/** Asks for the page that holds a position; `behind`: nothing has been read there or further on, so it may be refused. */
export type AskFor = (wanted: number, size: number, behind: boolean) => Promise<Asked>;

type Reader = ListReader<PagingOf<'offset'> | PagingOf<'page'>>;

/**
 * The body has no word about a further page, not even `false`, and no page had one before: then the place behind is looked at, since a
 * flag looked for in the wrong place reads the same. Throws ContractBroken where the list goes on.
 */
export async function checkFlag(
  reader: Reader,
  askFor: AskFor,
  { answer, reached, size }: { answer: ListAnswer; reached: number; size: number },
): Promise<'sign' | 'empty-page'> {
  const { more } = reader.paging;
  if (reader.sign.seen || more === undefined || speaksOfMore(answer, more)) return 'sign';
  if (await nothingBehind(askFor, reached, size)) return 'empty-page';
  throw reader.broken(
    `'${placeOfMore(more)}' promises no further page, but there are records behind position ${reached}`,
    'The definition looks in the wrong place: correct `paging.more`',
  );
}

/** Whether the place behind the last record is empty, or no page at all. */
export async function nothingBehind(askFor: AskFor, reached: number, size: number): Promise<boolean> {
  const behind = await askFor(reached, size, true);
  return behind.answer.records.length <= reached - behind.from;
}

/**
 * The page behind the last was refused, and the one before was full: the end of the list, or as deep as this source lets anyone
 * read. A page that begins before the end and reaches behind it tells them apart. Throws ContractBroken where it does not show the end.
 */
export async function checkRefusal(reader: Reader, askFor: AskFor, reached: number): Promise<void> {
  const largest = Math.max(2, reader.paging.pageSize);
  for (let size = largest; size > 1; size -= 1) {
    if (reached % size === 0) continue;
    const across = await askFor(reached - 1, size, true);
    if (across.from + across.asked <= reached) continue;
    if (!across.answer.refused && across.from + across.answer.records.length === reached) return;
    break;
  }
  throw reader.broken(
    `the page from position ${reached} on is refused, and nothing shows that the list ends there`,
    'Some sources refuse to be read deeper than a fixed number of records: page by a link, a token or a keyset, or declare `total` or `more`',
  );
}
