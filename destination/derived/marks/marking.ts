import type { Column } from '../../../schema/definition/columns';

/**
 * What a write to an entity's table appends, so that what is derived from its rows is derived again. The function of the table's triggers is made of these.
 */
export interface Marking {
  /** columns of which a change counts, next to `connection_id` and `external_id`; of live rows only, unless `dead` */
  readonly columns: readonly Column[];
  /**
   * SQL that appends the marks for rows that were written. `changed` is a subquery of their columns, of what they were and what they are. Without it, the
   * table was truncated.
   */
  append(changed: string | undefined): string;
  /** whether a change of a soft-deleted row counts too */
  readonly dead: boolean;
}
