import { Client } from 'pg';
import type { DatabaseClock } from '../../schema/ports';
import { current } from './attempt';

const begin = Date.parse('2026-11-21T09:00:00Z');

/**
 * The one time of the model: PostgreSQL's clock_timestamp(), the engine's clock, and (with its skew) the source's.
 * It only moves when a history says so, so read lags and lookbacks of any length cost nothing, and any two things can
 * happen within the same millisecond.
 */
export class Timeline {
  /** milliseconds since 1970 */
  now = begin;
  /** by how much `sent` and `received` stay away from the true time, as an engine's measured clock does */
  uncertainty = 0;
  private told = 0;
  private asked: Promise<unknown> = Promise.resolve();
  private readonly client: Client;

  private constructor(client: Client) {
    this.client = client;
  }

  /**
   * Makes every later connection to this database read its clock here. A sequence holds the time, since it is not
   * transactional: all sessions see it at once. Whatever says clock_timestamp() without a schema finds ours first.
   */
  static async install(url: string): Promise<Timeline> {
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query(/* sql */ `
      create schema model;
      create sequence model.now;
      create function model.clock_timestamp() returns timestamptz language sql volatile
        as 'select to_timestamp(last_value / 1000.0) from model.now';
      alter table tidemark.inbox alter received_at set default model.clock_timestamp(),
        alter opened_at set default model.clock_timestamp();
      alter table tidemark.runs alter started_at set default model.clock_timestamp();
      do $$ begin execute format('alter database %I set search_path = model, pg_catalog, public', current_database()); end $$`);
    const timeline = new Timeline(client);
    await timeline.tell();
    return timeline;
  }

  pass(milliseconds: number): void {
    this.now += milliseconds;
  }

  get isTold(): boolean {
    return this.told === this.now;
  }

  /** Tells PostgreSQL what time it is; needed before it is asked anything that depends on it. */
  async tell(): Promise<void> {
    const { now } = this;
    if (this.told === now) return;
    await this.ask('select setval($1, $2)', ['model.now', now]);
    this.told = now;
  }

  /** Asks PostgreSQL on nobody's behalf, one question after another. */
  ask(sql: string, values: unknown[]): Promise<Record<string, unknown>[]> {
    const answer = this.asked.then(async () => (await current.exit(() => this.client.query(sql, values))).rows);
    this.asked = answer;
    return answer;
  }

  /** Back to where every history begins. */
  restart(): void {
    this.now = begin;
  }

  readonly clock: DatabaseClock = {
    sent: () => this.now - this.uncertainty,
    received: () => this.now + this.uncertainty,
  };

  close(): Promise<void> {
    return this.client.end();
  }
}
