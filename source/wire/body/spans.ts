import { bounds, OutOfBounds } from './bounds';

/** Where the value that matters is in a body, and whether its elements are the records (a listing) or it is one (`one`). */
export interface RecordPlace {
  /** a dotted path, as `valueAt` takes it; '' is the whole body */
  readonly path: string;
  readonly list: boolean;
}

/** Marks of a record, or of what is around the records. */
export const marks = {
  /** a number that a double may not hold exactly */
  number: 1,
  /** an escape that PostgreSQL may not be able to keep: U+0000, or half a surrogate pair */
  escape: 2,
  /** nested deeper than `bounds.depth` */
  deep: 4,
  /** beyond `bounds.recordBytes` or `bounds.recordValues` */
  large: 8,
} as const;

/** The records of a body, before it is parsed. */
export interface Spans {
  /** of the place's value: offset of its first byte and behind its last */
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** begin and end of record `n` at 2n and 2n + 1 */
  readonly edges: Int32Array;
  /** of each record, a sum of `marks` */
  readonly marks: Uint8Array;
}

/** The records found so far: edges and marks in arrays that grow, since a page may have hundreds of thousands. */
export class SpanList {
  count = 0;
  private edges = new Int32Array(256);
  private marks = new Uint8Array(128);

  /** Throws OutOfBounds. */
  add(from: number, to: number, mark: number): void {
    const { count } = this;
    if (count >= bounds.records) {
      throw new OutOfBounds(`more than ${bounds.records} records in one response, which is the limit`);
    }
    if (count * 2 >= this.edges.length) this.grow();
    this.edges[count * 2] = from;
    this.edges[count * 2 + 1] = to;
    this.marks[count] = mark;
    this.count += 1;
  }

  /** Forgets all of them. */
  clear(): void {
    this.count = 0;
  }

  /** `from` and `to` are those of the place's value. */
  spans(from: number, to: number): Spans {
    return { from, to, count: this.count, edges: this.edges, marks: this.marks };
  }

  private grow(): void {
    const edges = new Int32Array(this.edges.length * 2);
    edges.set(this.edges);
    this.edges = edges;
    const flags = new Uint8Array(this.marks.length * 2);
    flags.set(this.marks);
    this.marks = flags;
  }
}
