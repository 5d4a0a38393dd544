import { setImmediate } from 'node:timers/promises';
import { type EncodedAnswers, encodeAnswers } from '../../destination/rows/format/encodedRows';
import type { Answers } from '../../schema/answer';
import type { SourcePage } from '../../source/contract';
import type { ActivityDeps } from '../deps';
import type { OpenTarget } from '../openTarget';
import { relate } from '../records/related';
import { type CountedPage, countedPage } from './pageProgress';

/**
 * Makes something of each page as it comes, so that this too is done while the former ones are being written, and of its
 * records keeps no more than how many they were. The source is asked for the next page before this one is looked at.
 */
export async function* eachWith<Made extends object>(
  pages: AsyncIterable<SourcePage>,
  make: (page: SourcePage) => Promise<Made>,
): AsyncGenerator<CountedPage & Made> {
  const iterator = pages[Symbol.asyncIterator]();
  try {
    for (let coming = iterator.next(); ; ) {
      const { done, value: page } = await coming;
      if (done) return;
      coming = iterator.next();
      // its failure is reported when its turn has come
      coming.catch(() => undefined);
      // the request goes out first
      await setImmediate();
      yield { ...countedPage(page), ...(await make(page)) };
    }
  } finally {
    await iterator.return?.();
  }
}

/** What a page says, made ready to be written. Rows with related records are encoded by the writer, which knows what the rows hold of them. */
export async function interpretPage(
  deps: Pick<ActivityDeps, 'db'>,
  open: OpenTarget,
  page: SourcePage,
  signal: AbortSignal,
): Promise<readonly (Answers | EncodedAnswers)[]> {
  const { entity } = open;
  const parts: (Answers | EncodedAnswers)[] = [];
  if (entity.related === undefined) {
    for await (const answers of page.answers()) parts.push(encodeAnswers(entity, answers));
    return parts;
  }
  for await (const answers of page.answers()) parts.push(...(await relate(deps, open, [answers], signal)).answers);
  return parts;
}
