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
  /** how often everything that is open is looked after, whatever else happened; default 30,000 ms */
  readonly coverEveryMs?: number;
  /** longest pause between tries while Temporal is down; default 15,000 ms */
  readonly longestPauseMs?: number;
}

export interface Dispatcher {
  /** Tells of an event that is in the inbox, on disk. Returns at once and never throws. */
  wake(entity: ConnectorEntity, record: SingleRecordInput): void;
  /** Hands over what waits, and stops. What cannot be handed over stays in the inbox. */
  close(): Promise<void>;
}

/**
 * More than this for one entity of a connection is a burst, and goes through in batches: a workflow for each event takes
 * a dev server to its limit at some 50 a second.
 */
const single = { atOnce: 8, perSecond: 20 };
/**
 * An event about a record of which another came so lately goes through the batch as well: that gathers them, while a workflow
 * for each would fetch at once.
 */
const hotMs = 1_000;
/** Requests to Temporal under way at once. */
const concurrency = 16;
/** Waiting single records, over all targets, from which on they are batched as well. */
const waitingAtMost = 256;
/** A batch that is on looks again by itself: a signal for each event would only make its history long. */
const inboxPauseMs = 100;

/**
 * Has Temporal process what has been stored. It never holds the only copy of anything: when it loses all it knows, the
 * inbox tells, at the start, every half minute, and when Temporal comes back.
 */
export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { db, client, taskQueue, log, coverEveryMs = 30_000, longestPauseMs = 15_000 } = options;
  const context = { db, client, taskQueue };
  /** one step for each record or target that waits, by workflow */
  const waiting = new Map<string, () => Promise<void>>();
  const underWay = new Set<Promise<void>>();
  const buckets = new Map<string, BurstDetector>();
  const told = new RecentKeys(hotMs);
  const bursts = new Map<string, { readonly timer: NodeJS.Timeout; end(): void }>();
  let closed = false;
  let failures = 0;
  /** something was stored while Temporal was down, perhaps too late for the try that is under way */
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
    const hot = told.again(recordKey);
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

  /** Everything that waits is in the inbox: it is forgotten, and covered as soon as Temporal answers. */
  function failed(error: unknown): void {
    waiting.clear();
    missed = true;
    failures++;
    const reason = messageOf(error);
    if (failures === 1)
      log.warn({ reason }, 'webhooks are kept, but cannot be handed to Temporal: it will be tried again');
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
      if (failures > 0) log.info({ targets: open.length }, 'Temporal takes webhooks again');
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
