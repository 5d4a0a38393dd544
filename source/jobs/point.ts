import { createHash, type Hash } from 'node:crypto';
import { z } from 'zod';
import type { ResumePoint } from '../../schema/definition/listings/listing';

const reportPoint = z.strictObject({
  scheme: z.literal('report'),
  job: z.string(),
  rows: z.int().min(1),
  digest: z.string(),
});

/** How far a document has been read: so many rows of this job's document, with the digest of their text. */
export type ReportPoint = z.infer<typeof reportPoint>;

/** The point of an unfinished report; null where there is none, or one that another way of listing has made. */
export function reportPointOf(point: ResumePoint | null | undefined): ReportPoint | null {
  const parsed = reportPoint.safeParse(point ?? null);
  return parsed.success ? parsed.data : null;
}

/** The document is not the one that the point was made in. */
export class OtherDocument extends Error {}

/**
 * Where a document is being read. Parts up to the point that an earlier attempt has committed are passed over, and only if
 * their text is equal to what was read then: a document that was made again may have its rows in another order.
 */
export class Place {
  private readonly hash: Hash = createHash('sha256');
  private rows = 0;

  constructor(
    private readonly job: string,
    private readonly from: ReportPoint | null,
  ) {}

  /** Goes on by a part; true where it has been read already. Throws OtherDocument. */
  passes({ text, count }: { readonly text: Buffer; readonly count: number }): boolean {
    this.hash.update(text);
    const before = this.rows;
    this.rows += count;
    if (this.from === null || before >= this.from.rows) return false;
    if (this.rows > this.from.rows) throw new OtherDocument();
    if (this.rows === this.from.rows && this.digest() !== this.from.digest) throw new OtherDocument();
    return true;
  }

  /** Throws OtherDocument where the document has fewer rows than were read of it. */
  close(): void {
    if (this.from !== null && this.rows < this.from.rows) throw new OtherDocument();
  }

  get read(): number {
    return this.rows;
  }

  /** The point after the parts so far. */
  get point(): ReportPoint {
    return { scheme: 'report', job: this.job, rows: this.rows, digest: this.digest() };
  }

  private digest(): string {
    return this.hash.copy().digest('hex');
  }
}
