import type { Knex } from 'knex';
import type { Dispatcher } from '../../clients/webhooks/dispatch';
import { storeEvents } from '../../destination/inbox/inbox';
import type { ConnectorEntity } from '../../schema/definition/connector';

/** What becomes of the event about a change; several in a row meet each fate. */
const fates = ['once', 'twice', 'late', 'lost', 'once'] as const;

/** The webhooks of one source: each change has an event, which comes once, twice, late, or never. */
export class Webhooks {
  private readonly db: Knex;
  private readonly dispatcher: Dispatcher;
  private readonly connectionId: string;
  private readonly entity: ConnectorEntity;
  private events = 0;
  private readonly late: { readonly eventId: string; readonly id: string }[] = [];
  private underWay: Promise<unknown> = Promise.resolve();

  constructor(db: Knex, dispatcher: Dispatcher, connectionId: string, entity: ConnectorEntity) {
    this.db = db;
    this.dispatcher = dispatcher;
    this.connectionId = connectionId;
    this.entity = entity;
  }

  /** The source tells that this record has changed. Returns what becomes of it, for the story. */
  tell(id: string): (typeof fates)[number] {
    const eventId = `${this.connectionId}-${++this.events}`;
    const fate = fates[this.events % fates.length] ?? 'once';
    if (fate === 'late') this.late.push({ eventId, id });
    if (fate === 'once' || fate === 'twice') this.deliver(eventId, id);
    if (fate === 'twice') this.deliver(eventId, id);
    return fate;
  }

  /** What is late comes now. Resolves when every event is done. */
  async settle(): Promise<void> {
    for (const { eventId, id } of this.late.splice(0)) this.deliver(eventId, id);
    await this.underWay;
    for (;;) {
      const { rows } = await this.db.raw(
        'select count(*)::int as open from tidemark.inbox where connection_id = ? and done_at is null',
        [this.connectionId],
      );
      if (rows[0].open === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  private deliver(eventId: string, id: string): void {
    const { connectionId, entity } = this;
    const event = { connectionId, eventId, type: 'changed', entity: entity.name, id, headers: {}, body: '{}' };
    const delivered = storeEvents(this.db, [event]).then(() =>
      this.dispatcher.wake(entity, { connectionId, entity: entity.name, id }),
    );
    this.underWay = Promise.all([this.underWay, delivered]);
  }
}
