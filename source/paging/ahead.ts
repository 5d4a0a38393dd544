import type { Paging } from '../../schema/definition/listings/paging';
import type { AskOptions, ListAnswer, ListReader, Query } from './scheme';

/** At most this many records may be waiting in answers that came before their turn. */
const recordsAhead = 10_000;

/**
 * Asks for pages before their turn, several at once: for lists that cannot move under their reader, where it does not
 * matter which page was asked for first. Answers are handed out in the order in which they are asked for, errors too.
 */
export class Ahead {
  private readonly reader: ListReader<Paging>;
  private readonly asked = new Map<string, Promise<ListAnswer>>();

  constructor(reader: ListReader<Paging>) {
    this.reader = reader;
  }

  /** How many pages of this size to have under way or waiting. */
  width(size: number): number {
    return Math.min(this.reader.atOnce, Math.floor(recordsAhead / size));
  }

  /** Asks for pages that will be wanted, unless that has been done. */
  expect(queries: readonly Query[]): void {
    for (const query of queries) {
      const key = JSON.stringify(query);
      if (this.asked.has(key)) continue;
      const answer = this.reader.ask(query);
      // its failure is thrown when its turn comes
      answer.catch(() => undefined);
      this.asked.set(key, answer);
    }
  }

  /** The answer to a query: the one that was asked for before, once, or a new one. */
  async ask(query: Query, options: AskOptions = {}): Promise<ListAnswer> {
    const key = JSON.stringify(query);
    const before = this.asked.get(key);
    this.asked.delete(key);
    const answer = await (before ?? this.reader.ask(query, options));
    this.reader.regard(answer);
    return answer;
  }
}
