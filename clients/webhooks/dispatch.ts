import { AsyncResource } from 'node:async_hooks';
import type { Client } from '@temporalio/client';
import type { Knex } from 'knex';
import { openTargets } from '../../destination/inbox/inbox';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { messageOf } from '../../schema/errors';
import type { SingleRecordInput, Target } from '../../schema/workflows';
import { mapLimited } from '../mapLimited';
import { BurstDetector } from './burstDetector';
import { RecentKeys } from './recentKeys';
import { wakeInbox, wakeRecord } from './wake';

export interface DispatcherOptions {
  readonly db: Knex;
  readonly client: Client;
  readonly taskQueue?: string | undefined;
  readonly log: { warn(details: object, message: string): void; info(details: object, message: string): void };
  /** how often the inbox is read for open events, whatever else happened; default 30,000 ms */
  readonly coverEveryMs?: number;
  /** longest pause between attempts while Temporal is unavailable; default 15,000 ms */
  readonly longestPauseMs?: number;
}

export interface Dispatcher {
  /** Has an event processed that is stored in the inbox. Returns at once and never throws. */
  wake(entity: ConnectorEntity, record: SingleRecordInput): void;
  /** Starts what waits, and stops. Events that could not be started stay in the inbox. */
  close(): Promise<void>;
}

/**
 * More than this for one entity of a connection is a burst, and goes through in batches: a workflow for each event takes
 * a dev server to its limit at some 50 a second.
 */
const single = { atOnce: 8, perSecond: 20 };
/**
 * An event about a record of which another came within this time goes through the batch, which debounces them. A workflow
 * for each event would fetch at once.
 */
const hotMs = 1_000;
/** Requests to Temporal under way at once. */
const concurrency = 16;
/** Waiting single records, over all targets, from which on they are batched as well. */
const waitingAtMost = 256;
/** A running batch reads the inbox again by itself. A signal for each event would only lengthen its history. */
const inboxPauseMs = 100;

/**
 * Has Temporal process what has been stored. It never holds the only copy of anything: it reads the
 * inbox at the start, every half minute, and when Temporal is available again.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { db, client, taskQueue, log, coverEveryMs = 30_000, longestPauseMs = 15_000 } = options;
  const context = { db, client, taskQueue };
  /** one step for each record or target that waits, by workflow */
  const waiting = new Map<string, () => Promise<void>>();
  const underWay = new Set<Promise<void>>();
  const buckets = new Map<string, BurstDetector>();
  const recent = new RecentKeys(hotMs);
  const bursts = new Map<string, { readonly timer: NodeJS.Timeout; end(): void }>();
  let closed = false;
  let failures = 0;
  /** an event was stored while Temporal was unavailable, perhaps too late for the attempt in progress */
  let missed = false;
  let coverTimer: NodeJS.Timeout | undefined;
  let covering: Promise<void> | undefined;

  const keyOf = ({ connectionId, entity }: Target): string => `${connectionId}/${entity}`;

  function wake(entity: ConnectorEntity, record: SingleRecordInput): void {
    if (closed) return;
    if (failures > 0) {
      missed = true;
      return;
    }
    const target = keyOf(record);
    const recordKey = `${target}/${record.id}`;
    const hot = recent.again(recordKey);
    if (waiting.has(recordKey)) return;
    if (!hot && bucketOf(target).take() && waiting.size < waitingAtMost) {
      waiting.set(
        recordKey,
        AsyncResource.bind(() => wakeRecord(context, entity, record)),
      );
      pump();
    } else {
      wakeBatch(record);
    }
  }

  /** At the first event of a burst, and again after each pause in which more came. */
  function wakeBatch({ connectionId, entity }: Target): void {
    const target = keyOf({ connectionId, entity });
    if (bursts.has(target)) return;
    const timer = setTimeout(() => {
      burst.end();
      pump();
    }, inboxPauseMs);
    const burst = {
      timer,
      end() {
        bursts.delete(target);
        waiting.set(target, () => wakeInbox(context, { connectionId, entity }));
      },
    };
    bursts.set(target, burst);
  }

  function bucketOf(target: string): BurstDetector {
    const bucket = buckets.get(target) ?? new BurstDetector(single.atOnce, single.perSecond);
    buckets.set(target, bucket);
    return bucket;
  }

  function pump(): void {
    for (const [key, step] of waiting) {
      if (underWay.size >= concurrency) return;
      waiting.delete(key);
      const running: Promise<void> = step()
        .catch((error: unknown) => failed(error))
        .finally(() => {
          underWay.delete(running);
          pump();
        });
      underWay.add(running);
    }
  }

  /** Everything that waits is also in the inbox, so it is dropped here and read from there once Temporal responds. */
  function failed(error: unknown): void {
    waiting.clear();
    missed = true;
    failures++;
    const reason = messageOf(error);
    if (failures === 1)
      log.warn(
        { reason },
        'Temporal is unavailable: webhook events stay in the inbox and are processed when it responds again',
      );
    coverIn(Math.min(longestPauseMs, 250 * 2 ** Math.min(failures, 10)));
  }

  function coverIn(milliseconds: number): void {
    if (closed) return;
    clearTimeout(coverTimer);
    coverTimer = setTimeout(() => {
      covering ??= cover().finally(() => {
        covering = undefined;
      });
    }, milliseconds);
    coverTimer.unref();
  }

  /** Wakes a batch for every entity that has open events. Never throws. */
  async function cover(): Promise<void> {
    for (const [target, bucket] of buckets) if (bucket.full) buckets.delete(target);
    missed = false;
    try {
      const open = await openTargets(db, 1_000);
      await mapLimited(open, concurrency, (target) => wakeInbox(context, target));
      if (failures > 0) log.info({ targets: open.length }, 'Temporal is available again: webhook events are processed');
      failures = 0;
      coverIn(missed ? 0 : coverEveryMs);
    } catch (error) {
      failed(error);
    }
  }

  coverIn(0);
  return {
    wake,
    async close() {
      closed = true;
      clearTimeout(coverTimer);
      for (const burst of [...bursts.values()]) {
        clearTimeout(burst.timer);
        burst.end();
      }
      if (failures > 0) waiting.clear();
      pump();
      while (underWay.size > 0) await Promise.all(underWay);
      await covering;
    },
  };
}
