/**
 * Live rows that a scan was not compared with, by reason. `imported`: from a file, so the source need not have them; `own`: inserted by a
 * user; `outside`: outside of the range that the listing covers, or within a day of its ends; `held`: of partitions that listed nothing,
 * are no longer listed, or would lose too many rows, each of which waits as a plan of its own; `unread`: of parents whose list the source
 * did not serve.
 */
export type NotCompared = Readonly<Partial<Record<'imported' | 'own' | 'outside' | 'held' | 'unread', number>>>;

/** What a complete scan covered: only there is a row that it does not list absent. Null where it covered everything. */
export interface Coverage {
  /** null: the entity has none. `known`: those that are listed, or have live rows */
  readonly partitions: { readonly compared: number; readonly known: number } | null;
  /** ISO, of the listing's `covers`: from there on */
  readonly from: string | null;
  /** … and before this */
  readonly to: string | null;
  readonly notCompared: NotCompared;
}
