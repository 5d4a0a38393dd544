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

/** What a page says, made ready to be written. */
export interface Interpreted {
  readonly answers: readonly (Answers | EncodedAnswers)[];
  /** requests sent for the page and for what belongs to its records */
  readonly requests: number;
}

/** Makes ready to be written what a page says. Rows with related records are encoded by the writer, which knows what the rows hold of them. */
export async function interpretPage(
  deps: Pick<ActivityDeps, 'db'>,
  open: OpenTarget,
  page: SourcePage,
  signal: AbortSignal,
): Promise<Interpreted> {
  const { entity } = open;
  const parts: (Answers | EncodedAnswers)[] = [];
  if (entity.related === undefined) {
    for await (const answers of page.answers()) parts.push(encodeAnswers(entity, answers));
    return { answers: parts, requests: page.requests };
  }
  let { requests } = page;
  for await (const answers of page.answers()) {
    const related = await relate(deps, open, [answers], signal);
    parts.push(...related.answers);
    requests += related.requests;
  }
  return { answers: parts, requests };
}
