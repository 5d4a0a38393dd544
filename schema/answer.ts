import type { JsonObject } from './json/json';
import type { Version } from './version';

/**
 * When a request was sent and when its answer had been received, in milliseconds since 1970 in PostgreSQL's time:
 * `sent` rounded down and `received` rounded up by the uncertainty of the measured offset. See `destination/rows/mergeRule.ts`.
 */
export interface Asked {
  readonly sent: number;
  readonly received: number;
}

/** The source showed the record. */
export interface LiveAnswer {
  readonly id: string;
  /** every key of the record, its id first, where the entity's key has fallbacks */
  readonly keys?: readonly string[];
  readonly version: Version;
  /** the entity's typed columns, validated by its row schema */
  readonly row: Readonly<Record<string, unknown>>;
  /** the record as the source sent it */
  readonly raw: unknown;
  /** of an entity with related records: those that the row was made with; undefined where they could not be read */
  readonly related?: RelatedPart;
  /** of an entity with related records, until those have been read: makes the row with them */
  readonly mapWith?: (related: RelatedRecords) => LiveAnswer | SetAsideAnswer;
  /** what the row holds of the related records was changed before the answer itself is written: set by the writer, under the lock */
  readonly relatedChanged?: boolean;
}

/** Related records by the names that the definition gives them. */
export type RelatedRecords = Readonly<Record<string, readonly JsonObject[]>>;

/** The related records of one record, as one complete reading of them showed them. */
export interface RelatedPart extends Asked {
  /** JSON: an object with a list for each name, each in the order of the keys; exact, as the source wrote the numbers */
  readonly json: string;
  /** how many they are */
  readonly count: number;
}

/** The related records of a record, without the record itself. */
export interface RelatedAnswer {
  readonly id: string;
  readonly related: RelatedPart;
}

/** The source said that the record is gone: 404/410, a tombstone, or the entity's own `gone` rule. */
export interface GoneAnswer {
  readonly id: string;
  readonly version: Version;
}

/**
 * Why a record is set aside. `invalid`: it cannot be read, or the response about it proves nothing; `conflict`: PostgreSQL refuses it;
 * `skipped`: the mapping leaves it out; `other-id`: the source answered its id with another record.
 */
export const setAsideReasons = ['invalid', 'conflict', 'skipped', 'other-id'] as const;

/** A record that could not or should not be written, with its payload and the reason. */
export interface SetAsideAnswer {
  /** null when not even the key could be read */
  readonly id: string | null;
  readonly reason: (typeof setAsideReasons)[number];
  readonly detail: string;
  readonly raw: unknown;
  /** of a record that its mapping leaves out */
  readonly version?: Version;
  /** … when the answer that showed it was sent and received; undefined where nothing was requested, as when a row is mapped again */
  readonly asked?: Asked;
  /** of a record that was set aside by its mapping: the related records that it was mapped with */
  readonly related?: RelatedPart;
}

/** Everything that one request returned. */
export interface Answers extends Asked {
  readonly live: readonly LiveAnswer[];
  readonly gone: readonly GoneAnswer[];
  readonly setAside: readonly SetAsideAnswer[];
  /** related records of records that are not among the answers themselves */
  readonly related?: readonly RelatedAnswer[];
}

/** Exact counts of a batch, by outcome. `disputed` counts rows whose dispute this write raised; such a row has another outcome as well. */
export interface Counts {
  inserted: number;
  updated: number;
  unchanged: number;
  /** the answer ranked lower than what the row holds, or was received before its watermark */
  refused: number;
  disputed: number;
  /** soft-deleted */
  deleted: number;
  /** left out on purpose: set aside as skipped, or the conflict policy is `skip` */
  skipped: number;
  /** live at the source, but without a live row, since a row of another table excludes the record: see the entity's `excludedBy` */
  excluded: number;
  /** set aside for another reason than `skipped` */
  errors: number;
  /** records with the key of another of the same run, see the entity's `duplicates` */
  duplicates: number;
  /** rows that got their record's better key; such a row has another outcome as well */
  rekeyed: number;
  /** records outside of the window of time that was asked for; such a record has another outcome as well */
  outside: number;
}

export const noCounts: Readonly<Counts> = Object.freeze({
  inserted: 0,
  updated: 0,
  unchanged: 0,
  refused: 0,
  disputed: 0,
  deleted: 0,
  skipped: 0,
  excluded: 0,
  errors: 0,
  duplicates: 0,
  rekeyed: 0,
  outside: 0,
});

export function addCounts(a: Readonly<Counts>, b: Readonly<Counts>): Counts {
  const sum = { ...a };
  for (const name of Object.keys(noCounts) as (keyof Counts)[]) sum[name] += b[name] ?? 0;
  return sum;
}
