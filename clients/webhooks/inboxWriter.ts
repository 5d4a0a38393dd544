import type { Knex } from 'knex';
import { type InboxEvent, storeEvents } from '../../destination/inbox/inbox';
import { TidemarkError } from '../../schema/errors';

export interface InboxWriterOptions {
  readonly db: Knex;
  /** events in one statement at most; default 500 */
  readonly batchSize?: number;
  /** statements under way at once; default 2: one commits while the next gathers */
  readonly statements?: number;
  /** bodies waiting, in bytes, beyond which further deliveries are refused; default 64 MiB */
  readonly waitingBytes?: number;
  /** until PostgreSQL is taken for unavailable; default 5,000 ms, since sources wait about ten seconds */
  readonly timeoutMs?: number;
}

export interface InboxWriter {
  /**
   * Resolves when the events of one delivery are on disk: `true`, or `false` when their connection is gone.
   * Throws TidemarkError 'DestinationUnavailable'.
   */
  store(events: readonly InboxEvent[]): Promise<boolean>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

interface Waiting {
  readonly events: readonly InboxEvent[];
  readonly bytes: number;
  readonly resolve: (known: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Commits deliveries in groups: while a statement is under way, what arrives is gathered, and goes with the next. An idle
 * server stores at once; a busy one shares each flush to disk among all that wait, so that it takes thousands a second.
 */
export function createInboxWriter(options: InboxWriterOptions): InboxWriter {
  const { db, batchSize = 500, statements = 2, waitingBytes = 64 * 1024 * 1024, timeoutMs = 5_000 } = options;
  const waiting: Waiting[] = [];
  const underWay = new Set<Promise<void>>();
  let bytesWaiting = 0;

  function pump(): void {
    while (underWay.size < statements && waiting.length > 0) {
      const statement: Promise<void> = flush(nextBatch()).finally(() => {
        underWay.delete(statement);
        pump();
      });
      underWay.add(statement);
    }
  }

  function nextBatch(): Waiting[] {
    let events = 0;
    let count = 0;
    for (const one of waiting) {
      if (count > 0 && events + one.events.length > batchSize) break;
      events += one.events.length;
      count++;
    }
    const batch = waiting.splice(0, count);
    for (const { bytes } of batch) bytesWaiting -= bytes;
    return batch;
  }

  /** Never throws: each waiting request is resolved or rejected. */
  async function flush(batch: readonly Waiting[]): Promise<void> {
    try {
      const { unknownConnections } = await storeEvents(
        db,
        batch.flatMap(({ events }) => events),
        timeoutMs,
      );
      const unknown = new Set(unknownConnections);
      for (const { events, resolve } of batch) resolve(!events.some(({ connectionId }) => unknown.has(connectionId)));
    } catch (error) {
      const alone = batch.length === 1;
      if (alone || (error instanceof TidemarkError && error.type === 'DestinationUnavailable')) {
        for (const { reject } of batch) reject(error);
        return;
      }
      // one of them is refused: the others must not suffer
      for (const one of batch) await flush([one]);
    }
  }

  return {
    store(events) {
      if (events.length === 0) return Promise.resolve(true);
      const bytes = events.reduce((sum, { body }) => sum + body.length, 0);
      if (bytesWaiting + bytes > waitingBytes) {
        return Promise.reject(
          new TidemarkError(
            'DestinationUnavailable',
            'More webhooks arrive than PostgreSQL stores: send this one again',
          ),
        );
      }
      return new Promise((resolve, reject) => {
        waiting.push({ events, bytes, resolve, reject });
        bytesWaiting += bytes;
        // after what arrived in the same turn of the event loop
        setImmediate(pump);
      });
    },
    async idle() {
      while (waiting.length > 0 || underWay.size > 0) {
        pump();
        await Promise.all(underWay);
      }
    },
  };
}
