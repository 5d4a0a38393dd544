import { amountOf, compareIds, idOf, nameOf, type ZooRecord } from './record';
import type { Change, Order, World } from './world';

const day = 86_400_000;

/** A deleted record; `survivor`: the slot that it was merged into. */
interface Deleted {
  readonly record: ZooRecord;
  readonly survivor: number | undefined;
}

/** What the source holds, and its clock. The clock of a source that tells its time is behind ours, so that days pass in no time. */
export class Store {
  readonly world: World;
  readonly records = new Map<number, ZooRecord>();
  readonly deleted = new Map<number, Deleted>();
  /** slots that were deleted and created again: their rows may need a reconciliation */
  readonly createdAgain = new Set<number>();
  /** slots that changed twice within one tick of their version: a reconciliation that compares versions cannot see the second */
  readonly changedTwice = new Set<number>();
  /** one line for each thing that happened */
  readonly log: string[] = [];
  /** sends the event about a change; returns what becomes of it */
  tell: ((id: string) => string) | undefined;
  private behind: number;
  private states = 0;
  private lastMicros = 0;

  constructor(world: World) {
    this.world = world;
    this.behind = world.dated ? 400 * day : 0;
    const tied = this.cut((this.now() - 20 * day) * 1000);
    for (let slot = 0; slot < world.records0; slot++) {
      const at = slot < world.ties ? tied : tied + this.cut(slot * 1_000_000_000 + slot);
      this.put(this.made(slot, at, at));
    }
    // the states of the beginning have an order like their instants
    if (world.version === 'fallback')
      for (const record of this.records.values())
        this.put(record.slot % 2 ? { ...record, updatedAt: record.createdAt } : { ...record, updatedAt: null });
  }

  /** Milliseconds since 1970 by the source's clock. */
  now(): number {
    return Date.now() - this.behind;
  }

  get partitions(): readonly string[] {
    return Array.from({ length: this.world.partitions }, (_, at) => (at === 0 ? 'north' : at === 1 ? 'süd/2' : 'x&y'));
  }

  apply(change: Change): void {
    switch (change.do) {
      case 'wait':
        this.behind = Math.max(0, this.behind - change.ms);
        this.log.push(`${Math.round(change.ms / 1000)} s pass`);
        return;
      case 'create':
      case 'update':
        this.write(change.slot, this.instant());
        return;
      case 'updateMany': {
        const at = this.instant();
        for (let slot = change.slot; slot < change.slot + change.count; slot++)
          if (this.records.has(slot)) this.write(slot, at);
        return;
      }
      case 'move': {
        const record = this.records.get(change.slot);
        if (!record) return;
        const next = this.partitions[(this.partitions.indexOf(record.partition) + 1) % this.world.partitions];
        this.write(change.slot, this.instant(), next);
        return;
      }
      case 'changeSilently': {
        const record = this.records.get(change.slot);
        const { changes } = this.world;
        if (!record || (changes?.field !== 'otherClock' && changes?.field !== 'shownClock')) return;
        const changed = this.made(change.slot, record.createdAt, this.instant());
        this.put({ ...changed, updatedAt: record.updatedAt, partition: record.partition });
        this.log.push(`${record.id} is changed by the source itself, its updated_at stays`);
        return;
      }
      case 'delete':
        this.remove(change.slot);
        return;
    }
  }

  /** What a listing shows, in its order. Tombstones stand where the record's last change puts them. */
  listed(order: Order, partition: string | undefined, tombstones: boolean): { record: ZooRecord; gone: boolean }[] {
    const all = [...this.records.values()].map((record) => ({ record, gone: false }));
    if (tombstones) all.push(...[...this.deleted.values()].map(({ record }) => ({ record, gone: true })));
    const byId = (a: ZooRecord, b: ZooRecord) => compareIds(this.world.ids, a.id, b.id);
    const at = (record: ZooRecord) => record.updatedAt ?? record.createdAt;
    const compare = {
      id: byId,
      updated: (a: ZooRecord, b: ZooRecord) => at(a) - at(b) || byId(a, b),
      newestFirst: (a: ZooRecord, b: ZooRecord) => at(b) - at(a) || byId(a, b),
      created: (a: ZooRecord, b: ZooRecord) => a.createdAt - b.createdAt || byId(a, b),
    }[order];
    return all
      .filter(({ record }) => partition === undefined || record.partition === partition)
      .sort((a, b) => compare(a.record, b.record));
  }

  /** The record that the source shows under an id, and what became of it where it was deleted. */
  find(id: string): { record: ZooRecord | undefined; gone: Deleted | undefined } {
    const live = [...this.records.values()].find((record) => record.id === id);
    const gone = [...this.deleted.values()].find(({ record }) => record.id === id);
    return { record: live, gone };
  }

  /** The record that a merged one lives on in, through further merges; undefined where that is gone for good. */
  survivorOf(slot: number): ZooRecord | undefined {
    const seen = new Set<number>();
    for (let at: number | undefined = slot; at !== undefined && !seen.has(at); at = this.deleted.get(at)?.survivor) {
      seen.add(at);
      const record = this.records.get(at);
      if (record) return record;
    }
    return undefined;
  }

  private write(slot: number, at: number, partition?: string): void {
    const before = this.records.get(slot);
    const { id } = this.made(slot, at, at);
    if (before) {
      const next = this.made(slot, before.createdAt, at);
      if (at === (before.updatedAt ?? before.createdAt)) this.changedTwice.add(slot);
      this.put({ ...next, updatedAt: at, partition: partition ?? before.partition });
      this.told(id, partition ? `moves to ${partition}` : `is changed (state ${next.state})`);
      return;
    }
    const created = this.made(slot, at, at);
    this.put(this.world.version === 'fallback' ? { ...created, updatedAt: null } : created);
    if (this.deleted.delete(slot)) this.createdAgain.add(slot);
    this.told(id, `is created${this.createdAgain.has(slot) ? ' again' : ''} (state ${created.state})`);
  }

  private remove(slot: number): void {
    const record = this.records.get(slot);
    // one stays: an emptied source is another story
    if (!record || this.records.size === 1) return;
    this.records.delete(slot);
    const how = this.world.one?.deletion;
    const survivor = how === 'merged' || how === 'moved' ? [...this.records.keys()][0] : undefined;
    const at = this.instant();
    this.deleted.set(slot, { record: { ...record, updatedAt: at, changedAt: at, state: ++this.states }, survivor });
    const into = survivor === undefined ? '' : ` (${how} into ${idOf(this.world.ids, survivor)})`;
    this.told(record.id, `is deleted${into}`);
  }

  private told(id: string, what: string): void {
    const fate = this.tell?.(id);
    this.log.push(`${id} ${what}${fate === undefined ? '' : `; its event comes: ${fate}`}`);
  }

  private put(record: ZooRecord): void {
    this.records.set(record.slot, record);
  }

  private made(slot: number, createdAt: number, changedAt: number): ZooRecord {
    const state = ++this.states;
    const { world } = this;
    return {
      slot,
      id: idOf(world.ids, slot),
      partition: this.partitions[slot % world.partitions] ?? '',
      name: nameOf(slot, state),
      amount: amountOf(world.numbers, state),
      quantity: String(9_007_199_254_740_990n + BigInt(state)),
      createdAt,
      updatedAt: changedAt,
      changedAt,
      state,
    };
  }

  /** Now, in microseconds, cut to what the source's instants know; later than the one before where they know microseconds. */
  private instant(): number {
    return this.micros(this.now());
  }

  private micros(milliseconds: number): number {
    const now = Math.floor(milliseconds) * 1000;
    const at = this.world.digits === 6 ? Math.max(now, this.lastMicros + 1) : now;
    if (this.world.digits === 6) this.lastMicros = at;
    return this.cut(at);
  }

  private cut(micros: number): number {
    const tick = { 0: 1_000_000, 3: 1_000, 6: 1 }[this.world.digits];
    return Math.floor(micros / tick) * tick;
  }
}
