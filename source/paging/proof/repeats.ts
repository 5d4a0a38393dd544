import { z } from 'zod';
import type { Paging } from '../../../schema/definition/listings/paging';
import type { ListReader } from '../scheme';

/** In a resume point; not there in those of earlier versions. */
export const repeatsPoint = {
  pageMark: z.string().default(''),
  pageLap: z.int().min(0).default(0),
  pagePower: z.int().min(1).default(1),
  repeats: z.int().min(0).default(0),
};
export type RepeatsPoint = z.infer<z.ZodObject<typeof repeatsPoint>>;

/** A moving list may show the same small page again; none does so this often. */
const mostRepeats = 20;

/**
 * Finds out that the same pages come again and again although each names another next one: the page's content is compared with one
 * remembered page, which moves forward after 1, 2, 4, 8 … pages (see `CycleFinder`).
 */
export class RepeatFinder {
  private state: RepeatsPoint;

  constructor(resume: RepeatsPoint | null) {
    this.state = resume
      ? { pageMark: resume.pageMark, pageLap: resume.pageLap, pagePower: resume.pagePower, repeats: resume.repeats }
      : { pageMark: '', pageLap: 0, pagePower: 1, repeats: 0 };
  }

  /** Throws ContractBroken for a list that never gets anywhere. */
  add(reader: ListReader<Paging>, records: readonly unknown[]): void {
    if (records.length === 0) return;
    const mark = reader.markOfPage(records);
    if (mark === this.state.pageMark) {
      this.state = { ...this.state, repeats: this.state.repeats + 1 };
      if (this.state.repeats >= mostRepeats) {
        throw reader.broken(
          `${mostRepeats} pages held the same records as earlier ones: the list repeats itself and has no end`,
          'Nothing is concluded from it; report it to the source',
        );
      }
    }
    const lap = this.state.pageLap + 1;
    this.state =
      lap === this.state.pagePower
        ? { ...this.state, pageMark: mark, pageLap: 0, pagePower: lap * 2 }
        : { ...this.state, pageLap: lap };
  }

  get point(): RepeatsPoint {
    return { ...this.state };
  }
}
