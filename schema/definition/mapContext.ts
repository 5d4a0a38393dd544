import type { RelatedRecords } from '../answer';
import type { JsonObject } from '../json/json';
import type { ParentPartition } from './partitions';

/** What `map` receives next to the record. */
export interface MapContext {
  /** The connection that the record was read from. */
  readonly connection: {
    /** The id that the operator gave the connection. */
    readonly id: string;
    /** Its settings, as the connector's `settings` parsed them. */
    readonly settings: Readonly<JsonObject>;
    /** Its time zone, such as `Europe/Berlin`. */
    readonly timeZone: string;
  };
  /** The related records of the record, by name. */
  readonly related: RelatedRecords;
  /**
   * Of an entity whose `partitions` are records of another: the one in whose list the record is. Null where it is not known yet, as of a
   * record that a webhook announces before any list has shown it; the next list that shows it maps it again.
   */
  readonly partition: ParentPartition | null;
}
