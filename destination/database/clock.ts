import type { Knex } from 'knex';
import type { DatabaseClock } from '../../schema/ports';
import { destinationError } from './destinationError';

export interface ClockOptions {
  /** how often the offset is measured again; default 20,000 ms */
  readonly everyMs?: number;
  /** samples a measurement, of which the quickest counts; default 5 */
  readonly samples?: number;
  /** called when a measurement in the background fails; it is repeated, and the clock stays true, only less certain */
  readonly onError?: (error: Error) => void;
}

export interface MeasuredClock extends DatabaseClock {
  /** by how much `sent()` and `received()` stay away from the best guess, in milliseconds */
  uncertainty(): number;
  /** Measures now; calls at the same time share one measurement. */
  measure(): Promise<void>;
  /** Stops measuring; resolves when no query is under way any more. */
  close(): Promise<void>;
}

/**
 * How far two clocks may drift apart, per millisecond: twice what quartz does, less than the 500 ppm at which NTP may
 * slew. With a measurement every 20 s it adds at most 4 ms.
 */
const drift = 0.0002;

/** A wall clock that got so far ahead of the monotonic one means that this machine slept, or that its clock was set. */
const suspiciousMs = 100;

interface Measurement {
  /** PostgreSQL's time less performance.now() */
  readonly offset: number;
  readonly uncertainty: number;
  readonly monotonic: number;
  readonly wall: number;
}

/**
 * Returns PostgreSQL's time (clock_timestamp), without asking it each time. It counts on the monotonic clock, so
 * that setting this machine's clock changes nothing. A monotonic clock stops while a machine sleeps: that shows
 * as a gap against the wall clock, by which `received()` is then later until the offset has been measured again.
 *
 * Resolves after the first measurement; `close()` it before the database. Throws 'DestinationUnavailable'.
 */
export async function measureClock(db: Knex, options: ClockOptions = {}): Promise<MeasuredClock> {
  const samples = options.samples ?? 5;
  let last: Measurement;
  let underWay: Promise<void> | undefined;
  let closed = false;

  const measure = (): Promise<void> => {
    underWay ??= takeSamples(db, samples)
      .then(
        (measurement) => {
          last = measurement;
        },
        (error) => {
          throw destinationError(error);
        },
      )
      .finally(() => {
        underWay = undefined;
      });
    return underWay;
  };
  const measureInBackground = (): void => {
    if (!closed) measure().catch((error: Error) => options.onError?.(error));
  };

  last = await takeSamples(db, samples).catch((error) => {
    throw destinationError(error);
  });
  const timer = setInterval(measureInBackground, options.everyMs ?? 20_000).unref();

  const now = () => {
    const elapsed = performance.now() - last.monotonic;
    const gap = Date.now() - last.wall - elapsed;
    const slept = gap > suspiciousMs ? gap : 0;
    if (slept > 0 && underWay === undefined) measureInBackground();
    return { guess: last.monotonic + elapsed + last.offset, uncertainty: last.uncertainty + elapsed * drift, slept };
  };

  return {
    sent() {
      const { guess, uncertainty } = now();
      return Math.floor(guess - uncertainty);
    },
    received() {
      const { guess, uncertainty, slept } = now();
      return Math.ceil(guess + uncertainty + slept);
    },
    uncertainty: () => now().uncertainty,
    measure,
    async close() {
      closed = true;
      clearInterval(timer);
      // its failure, if any, has been returned to the caller
      await underWay?.catch(() => undefined);
    },
  };
}

/** PostgreSQL read its clock between two readings of ours: the closer those are, the better we know its offset. */
async function takeSamples(db: Knex, count: number): Promise<Measurement> {
  // in a transaction, so that waiting for a connection is not part of a sample
  return db.transaction(async (tx) => {
    let best: Measurement | undefined;
    for (let sample = 0; sample < count; sample++) {
      const before = performance.now();
      const { rows } = await tx.raw('select extract(epoch from clock_timestamp())::float8 * 1000 as now');
      const after = performance.now();
      const uncertainty = (after - before) / 2;
      if (best === undefined || uncertainty < best.uncertainty) {
        best = { offset: rows[0].now - (before + after) / 2, uncertainty, monotonic: after, wall: Date.now() };
      }
    }
    if (best === undefined) throw new RangeError('a clock is measured with at least one sample');
    return best;
  });
}
