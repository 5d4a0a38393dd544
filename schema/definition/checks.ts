import type { Coverage } from '../coverage';
import type { Target } from '../workflows';

/**
 * What an operator asks the source through the workers, which hold the secrets: `lookAt`, `probe` and `verify`. They read and
 * write nothing. Their results stand in histories, so they name ids and columns and never hold a record's content.
 */

export interface LookAtInput extends Target {
  readonly id: string;
  /** a UUID: the record is kept under it in PostgreSQL, for the operator who asked to see it */
  readonly showAs?: string;
}

/**
 * How a row compares with what the source says of its record: `differs` in the columns that are named; `excluded`: live, although a row of
 * another table excludes the record. A record that has no live row for that reason compares as `equal`.
 */
export type RowBeside = 'equal' | 'differs' | 'missing' | 'deleted' | 'excluded';

export interface LookAtResult extends Target {
  readonly id: string;
  /** ISO, in PostgreSQL's time */
  readonly askedAt: string;
  /**
   * `live` or `gone`; `set-aside`: it shows a record that cannot be written; `unclear`: its answer proves neither, such as a 403;
   * `no-one`: the entity has no listing `one`, so no request was made
   */
  readonly says: 'live' | 'gone' | 'set-aside' | 'unclear' | 'no-one';
  /** the evidence, or the reason */
  readonly detail: string;
  /** of a live record, as the source writes it in `deltaSyncField`; ISO where it is an instant */
  readonly version: string | null;
  /** null where the source showed no record that could be written */
  readonly row: RowBeside | null;
  readonly columns: readonly string[];
}

export interface FirstPageInput extends Target {
  /** makes each request another, so that none joins one that was made with former credentials */
  readonly key: string;
}

/** The first page of `all`, counted. */
export interface FirstPageResult extends Target {
  /** null: not read, since the lists belong to records of another entity that has no complete list yet, or a job makes the list, which runs start */
  readonly records: number | null;
  /** whether the list goes on after it */
  readonly more: boolean;
  readonly detail: string;
}

export interface VerifyInput extends Target {
  /** this many live rows, taken at random; null for all of the source and all of the table */
  readonly sample: number | null;
}

/** One record on which table and source disagree. */
export interface RecordDifference {
  readonly id: string;
  /**
   * `differs` in the named columns; `missing` in the table; `deleted` in the table but live at the source; `gone` at the
   * source but live in the table; `skipped`: live in the table, but the mapping leaves its record out; `excluded`: live in the table,
   * but a row of another table excludes it
   */
  readonly found: 'differs' | 'missing' | 'deleted' | 'gone' | 'skipped' | 'excluded';
  readonly columns: readonly string[];
}

export interface VerifyResult extends Target {
  readonly all: boolean;
  /** records of which table and source were compared */
  readonly compared: number;
  /** of those, on which they disagree */
  readonly differing: number;
  /** changed at the source after the cursor: the next delta brings them, and they count as neither equal nor differing */
  readonly pending: number;
  /** set aside, or not answered clearly by the source: nothing can be said of them */
  readonly unclear: number;
  /** differences that were asked again, because the read lag could explain them */
  readonly askedAgain: number;
  /** live rows of the table */
  readonly liveRows: number;
  /** what the list covered, where everything was compared; null: everything */
  readonly coverage?: Coverage | null;
  /** lists that ended where nothing showed that they had ended: records behind such an end were not compared. Absent: none */
  readonly uncertainEnds?: number;
  /** some of the differing, at most 50 */
  readonly differences: readonly RecordDifference[];
}

export type ProbeInput = Target;

/** One thing that a probe found out about an API. */
export interface ProbeFinding {
  /**
   * a stable name: `list`, `headers`, `where`, `ids`, `order`, `cap`, `end`, `timestamps`, `rate-limit`, `filter`, `boundary`, `errors`, `one`, `missing`,
   * `deleted`, `partitions`, `parents`, `ids-list`, `feed`, `related`, `covers`, `held-back`, `own-function`
   */
  readonly about: string;
  /** `agrees` with the definition, `contradicts` it, or `unknown` where what was seen does not tell */
  readonly verdict: 'agrees' | 'contradicts' | 'unknown';
  readonly finding: string;
  /** the request that shows it, without secrets */
  readonly request: string | null;
  /** the line of the definition that follows from it */
  readonly line: string | null;
}

export interface ProbeResult extends Target {
  readonly requests: number;
  readonly findings: readonly ProbeFinding[];
}
