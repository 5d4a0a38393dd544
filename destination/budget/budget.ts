import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { RateLimit } from '../../schema/definition/rateLimit';
import { parseDuration } from '../../schema/duration';
import { TidemarkError } from '../../schema/errors';
import { type Priority, priorities, type RequestBudget } from '../../schema/ports';
import { destinationError } from '../database/destinationError';
import { type TakeRequest, takeRequest } from './takeRequest';

export interface BudgetOptions {
  /** connections that share the source's limit have the same account: as a rule the connection's id */
  readonly account: string;
  /** absent: no limit but what the source says by `block` */
  readonly rateLimit?: RateLimit | undefined;
  readonly priority: Priority;
  /** the longest wait here; longer ones are thrown as 'SourceAsksToWait'. Default 30,000 ms */
  readonly waitAtMostMs?: number;
}

/**
 * A window is counted in this many slices; one that is partly in the window counts fully, so the limit is never passed
 * and 1/100 of it is lost.
 */
const slicesAWindow = 100;

/**
 * What the source counts is when requests arrive. The window is longer by this share of it, and at most this many
 * milliseconds, for the difference between the slowest and the quickest way there.
 */
const travel = { share: 0.04, atMostMs: 250 };

/** Everyone leaves so much of the limit, rounded down, to webhooks, so that one finds room at once. */
const keptForWebhooks = 0.03;

/**
 * How much of the limit a priority may use while a higher one was refused and waits. Otherwise all but what is kept
 * for webhooks is free to everyone, so that a backfill alone reaches 92 % of the limit and more.
 */
const shareWhileOthersWait: Readonly<Record<Priority, number>> = {
  webhook: 1,
  delta: 0.9,
  reconciliation: 0.75,
  backfill: 0.6,
};

/** Without a limit, how long no worker looks whether the source said wait. */
const blockSeenWithinMs = 100;

/**
 * The request budget of an account, kept in PostgreSQL and shared by all processes: never more than `rateLimit.requests`
 * in any window of `rateLimit.per`, from any worker, by PostgreSQL's clock.
 */
export function createBudget(db: Knex, options: BudgetOptions): RequestBudget {
  const waitAtMostMs = options.waitAtMostMs ?? 30_000;
  const request = describeRequest(options);
  let lastInLine: Promise<void> = Promise.resolve();
  let freeUntil = 0;

  async function takeNow(signal: AbortSignal): Promise<void> {
    const started = performance.now();
    let doubted = false;
    for (;;) {
      signal.throwIfAborted();
      if (request === undefined && performance.now() < freeUntil) return;
      const waitMs = await (request === undefined ? blockedFor(db, options.account) : takeRequest(db, request));
      if (waitMs === 0) {
        freeUntil = performance.now() + blockSeenWithinMs;
        return;
      }
      if (performance.now() - started + waitMs > waitAtMostMs) {
        const block = await blockOf(db, options.account);
        if (block !== undefined || doubted) throw asksToWait(options, waitMs, block);
        // an operator may have ended a block in between
        doubted = true;
        continue;
      }
      // not all at once
      const jitter = Math.random() * Math.min(50, waitMs / 20);
      await sleep(waitMs + jitter, undefined, { signal }).catch((error) => {
        signal.throwIfAborted();
        throw error;
      });
    }
  }

  return {
    // One after another, so that those who wait here are served in turn and only one of them asks PostgreSQL.
    async take(signal) {
      const before = lastInLine;
      let leave: () => void = () => undefined;
      lastInLine = new Promise((resolve) => {
        leave = () => resolve(before);
      });
      try {
        await unlessAborted(before, signal);
        await takeNow(signal);
      } catch (error) {
        signal.throwIfAborted();
        throw destinationError(error);
      } finally {
        leave();
      }
    },
    async block(milliseconds, because) {
      freeUntil = 0;
      await block(db, options.account, milliseconds, because).catch((error) => {
        throw destinationError(error);
      });
    },
  };
}

function describeRequest({ account, rateLimit, priority }: BudgetOptions): TakeRequest | undefined {
  if (rateLimit === undefined) return undefined;
  const per = parseDuration(rateLimit.per);
  const kept = priority === 'webhook' ? 0 : Math.floor(rateLimit.requests * keptForWebhooks);
  return {
    account,
    windowMs: Math.ceil(per + Math.min(per * travel.share, travel.atMostMs)),
    sliceMs: Math.max(1, Math.floor(per / slicesAWindow)),
    atMost: rateLimit.requests - kept,
    atMostWhileOthersWait: Math.max(1, Math.floor(rateLimit.requests * shareWhileOthersWait[priority])),
    rank: priorities.indexOf(priority) + 1,
  };
}

function asksToWait({ account }: BudgetOptions, waitMs: number, block: Block | undefined): TidemarkError {
  const until = `the engine sends requests again in ${Math.ceil(waitMs / 1000)} s`;
  return new TidemarkError(
    'SourceAsksToWait',
    block === undefined
      ? `The request budget of '${account}' is used up: ${until}`
      : `The source of '${account}' said wait (${block.because}): ${until}`,
    { retryAfterMs: waitMs, byEngine: block === undefined },
  );
}

/** Milliseconds until the source may be asked again; 0 when it didn't say wait. */
async function blockedFor(db: Knex, account: string): Promise<number> {
  const { rows } = await db.raw(
    `select ceil(extract(epoch from blocked_until - clock_timestamp()) * 1000)::float8 as wait
     from tidemark.budgets where account = ? and blocked_until > clock_timestamp()`,
    [account],
  );
  return rows[0]?.wait ?? 0;
}

/** A wait that a source asked for and that is not over. */
export interface Block {
  readonly until: Date;
  /** which response said so */
  readonly because: string;
}

/** What the source of an account asked to wait for; undefined when it may be asked now. */
export async function blockOf(db: Knex, account: string): Promise<Block | undefined> {
  const { rows } = await db.raw(
    `select blocked_until as until, coalesce(blocked_because, 'an earlier response') as because
     from tidemark.budgets where account = ? and blocked_until > clock_timestamp()`,
    [account],
  );
  return rows[0];
}

/** The waits of all accounts, or of one, that are not over; by account. */
export async function blocks(db: Knex, account?: string): Promise<ReadonlyMap<string, Block>> {
  const { rows } = await db.raw(
    `select account, blocked_until as until, coalesce(blocked_because, 'an earlier response') as because
     from tidemark.budgets where blocked_until > clock_timestamp() and (?::text is null or account = ?)`,
    [account ?? null, account ?? null],
  );
  return new Map(rows.map(({ account: of, until, because }: Block & { account: string }) => [of, { until, because }]));
}

/** No worker of this account sends anything for that long; never shortens a longer wait. */
async function block(db: Knex, account: string, milliseconds: number, because: string): Promise<void> {
  await db.raw(
    `insert into tidemark.budgets as b (account, blocked_until, blocked_because)
     values (:account, clock_timestamp() + cast(:wait as float8) * interval '1 millisecond', :because)
     on conflict (account) do update set blocked_until = greatest(b.blocked_until, excluded.blocked_until),
       blocked_because = case when b.blocked_until > excluded.blocked_until then b.blocked_because else excluded.blocked_because end`,
    { account, wait: milliseconds, because: because.slice(0, 500) },
  );
}

/** Waits for `turn` to settle, or for the signal. */
function unlessAborted(turn: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    turn.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
