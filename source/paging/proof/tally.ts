import { z } from 'zod';
import type { Paging } from '../../../schema/definition/listings/paging';
import type { ListAnswer, ListReader } from '../scheme';

/** What a tally puts into a resume point. */
export const tallyPoint = {
  came: z.int().min(0),
  leastTotal: z.int().min(0).nullable(),
  mostTotal: z.int().min(0).nullable(),
  startedAt: z.number(),
  cameAgain: z.int().min(0),
};
export type TallyPoint = z.infer<z.ZodObject<typeof tallyPoint>>;

function ownPart({ came, leastTotal, mostTotal, startedAt, cameAgain }: TallyPoint): TallyPoint {
  return { came, leastTotal, mostTotal, startedAt, cameAgain };
}

/**
 * Counts what came against the total that the source sends with each page, for lists without positions (links, tokens,
 * keysets). Lists move while they are read, so the total may move too. Decided:
 * - Fewer records than the smallest total seen: the list was cut short. Deletes make total and list shorter alike,
 *   so they don't look like this.
 * - More than the largest total seen: contradictory, except for records changed since the listing began, which may
 *   have moved towards the end and come a second time.
 */
export class Tally {
  private readonly reader: ListReader<Paging>;
  private counted: TallyPoint | undefined;

  constructor(reader: ListReader<Paging>, resume: TallyPoint | null) {
    this.reader = reader;
    // its own fields only: the resume point also holds where the scheme went on, which would come back as the next one
    this.counted = resume ? ownPart(resume) : undefined;
  }

  /** Counts a page's new records. */
  add(answer: ListAnswer, records: readonly unknown[]): void {
    const so = this.counted ?? {
      came: 0,
      leastTotal: null,
      mostTotal: null,
      startedAt: answer.sourceSent ?? answer.sent,
      cameAgain: 0,
    };
    so.came += records.length;
    const { total } = answer;
    if (total !== undefined) {
      so.leastTotal = Math.min(total, so.leastTotal ?? total);
      so.mostTotal = Math.max(total, so.mostTotal ?? total);
    }
    if (so.mostTotal !== null && so.came > so.mostTotal)
      so.cameAgain += this.reader.changedSince(records, so.startedAt);
    this.counted = so;
  }

  /** Whether as many came as the source says there are; undefined where it doesn't say. */
  get reached(): boolean | undefined {
    const least = this.counted?.leastTotal ?? undefined;
    return least === undefined ? undefined : (this.counted?.came ?? 0) >= least;
  }

  /** Called when the list has ended; returns whether a total proves it. Throws ContractBroken when the count contradicts the totals. */
  close(): boolean {
    const { came = 0, leastTotal = null, mostTotal = null, cameAgain = 0 } = this.counted ?? {};
    if (leastTotal !== null && came < leastTotal) {
      throw this.reader.broken(
        `the list ended after ${came} records, but its own total is ${leastTotal}`,
        'Nothing is concluded from a list that was cut short; order it by something that does not change, such as the id',
      );
    }
    if (mostTotal !== null && came - cameAgain > mostTotal) {
      throw this.reader.broken(
        `${came} records came, but the list's own total is ${mostTotal}`,
        'Check the path of `total`',
      );
    }
    return leastTotal !== null;
  }

  /** For the resume point. Called after at least one `add`. */
  get point(): TallyPoint {
    return { ...(this.counted ?? { came: 0, leastTotal: null, mostTotal: null, startedAt: 0, cameAgain: 0 }) };
  }
}
