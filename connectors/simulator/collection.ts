import { SortedSlots } from './sortedSlots';

/** A JSON object of attributes, exactly as they are to be rendered. */
export type Attributes = { [name: string]: unknown };

/** What the simulator remembers of one live record. Times are milliseconds since 1970; `updatedAt` null renders as null. */
export interface RecordState {
  readonly createdAt: number;
  readonly updatedAt: number | null;
  /** laid over what the seed says; undefined for an untouched record */
  readonly attributes?: Attributes | undefined;
  /** laid over the seed's relationships: the related id, or null for none */
  readonly relationships?: { readonly [name: string]: string | null } | undefined;
}

/** The two instants that lists can be ordered and filtered by without walking them. */
export type InstantField = 'created_at' | 'updated_at';

/** Seconds since 1970 of the seeded records, with or without fractions: record n has `created(n)` and `updated(n)`. */
export interface SeedTimes {
  readonly created: (n: number) => number;
  readonly updated: (n: number) => number;
}

/** How far a slot number is shifted in the sort key of the seed: 2^21 slots, so seconds and slot fit into 53 bits. */
const slotSpace = 2 ** 21;

/**
 * All records of one kind. Seeded records cost two numbers each and no object; only changed ones carry content.
 * A record keeps its slot forever, also through deletion and re-creation, so that ties always fall the same way.
 */
export class Collection {
  readonly byCreated: SortedSlots;
  readonly byUpdated: SortedSlots;
  private createdAt: Float64Array;
  private updatedAt: Float64Array;
  private live: Uint8Array;
  private slots: number;
  private readonly changes = new Map<number, Pick<RecordState, 'attributes' | 'relationships'>>();
  private readonly laterIds: string[] = [];
  private readonly laterSlots = new Map<string, number>();
  private nextNumber: number;

  constructor(
    readonly firstId: number,
    readonly seeded: number,
    times: SeedTimes,
  ) {
    if (seeded > 1_000_000) throw new RangeError(`at most 1,000,000 seeded records, asked for ${seeded}`);
    this.slots = seeded;
    this.nextNumber = firstId + seeded;
    const room = seeded + 1024;
    this.createdAt = new Float64Array(room);
    this.updatedAt = new Float64Array(room);
    this.live = new Uint8Array(room).fill(1, 0, seeded);
    for (let n = 0; n < seeded; n++) {
      this.createdAt[n] = Math.round(times.created(n) * 1000);
      this.updatedAt[n] = Math.round(times.updated(n) * 1000);
    }
    this.byCreated = new SortedSlots((slot) => this.createdAt[slot] ?? 0);
    this.byUpdated = new SortedSlots((slot) => this.updatedAt[slot] ?? 0);
    this.byCreated.fill(seedOrder(this.createdAt, seeded));
    this.byUpdated.fill(seedOrder(this.updatedAt, seeded));
  }

  /** The slots of all live records, in the order of their numbers. */
  allSlots(): number[] {
    const slots: number[] = [];
    for (let slot = 0; slot < this.slots; slot++) if (this.live[slot] === 1) slots.push(slot);
    return slots;
  }

  get size(): number {
    return this.byCreated.size;
  }

  index(field: InstantField): SortedSlots {
    return field === 'created_at' ? this.byCreated : this.byUpdated;
  }

  /** Milliseconds since 1970; Infinity where the record has no updated_at, so that it sorts last as in PostgreSQL. */
  instant(slot: number, field: InstantField): number {
    return (field === 'created_at' ? this.createdAt : this.updatedAt)[slot] ?? 0;
  }

  idOf(slot: number): string {
    return slot < this.seeded ? String(this.firstId + slot) : (this.laterIds[slot - this.seeded] ?? '');
  }

  /** The slot of a live record. */
  find(id: string): number | undefined {
    const slot = this.slotOf(id);
    return slot !== undefined && this.live[slot] === 1 ? slot : undefined;
  }

  state(slot: number): RecordState {
    const updatedAt = this.instant(slot, 'updated_at');
    return {
      createdAt: this.instant(slot, 'created_at'),
      updatedAt: updatedAt === Number.POSITIVE_INFINITY ? null : updatedAt,
      ...this.changes.get(slot),
    };
  }

  get(id: string): RecordState | undefined {
    const slot = this.find(id);
    return slot === undefined ? undefined : this.state(slot);
  }

  /** Creates or replaces the record. */
  put(id: string, state: RecordState): void {
    const slot = this.slotOf(id) ?? this.newSlot(id);
    if (this.live[slot] === 1) this.unlist(slot);
    this.createdAt[slot] = state.createdAt;
    this.updatedAt[slot] = state.updatedAt ?? Number.POSITIVE_INFINITY;
    if (state.attributes || state.relationships) {
      this.changes.set(slot, { attributes: state.attributes, relationships: state.relationships });
    } else this.changes.delete(slot);
    this.live[slot] = 1;
    this.byCreated.insert(slot);
    this.byUpdated.insert(slot);
  }

  /** Deletes the record, if it is there. */
  remove(id: string): void {
    const slot = this.find(id);
    if (slot === undefined) return;
    this.unlist(slot);
    this.changes.delete(slot);
  }

  /** An id that no record has ever had. */
  newId(): string {
    while (this.slotOf(String(this.nextNumber)) !== undefined) this.nextNumber++;
    return String(this.nextNumber++);
  }

  private unlist(slot: number): void {
    this.byCreated.remove(slot);
    this.byUpdated.remove(slot);
    this.live[slot] = 0;
  }

  private slotOf(id: string): number | undefined {
    const n = Number(id) - this.firstId;
    if (Number.isInteger(n) && n >= 0 && n < this.seeded && id === String(this.firstId + n)) return n;
    return this.laterSlots.get(id);
  }

  private newSlot(id: string): number {
    const slot = this.slots++;
    this.laterSlots.set(id, slot);
    this.laterIds.push(id);
    if (slot >= this.live.length) {
      const room = slot * 2;
      this.createdAt = grown(this.createdAt, new Float64Array(room));
      this.updatedAt = grown(this.updatedAt, new Float64Array(room));
      this.live = grown(this.live, new Uint8Array(room));
    }
    return slot;
  }
}

function grown<T extends Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/**
 * Slots in order of their times. Whole seconds are sorted as numbers made of time and slot: ten times faster than sorting with a
 * comparison, which times with fractions need.
 */
function seedOrder(times: Float64Array, count: number): Int32Array {
  const time = (slot: number) => times[slot] ?? 0;
  if (times.subarray(0, count).some((at) => at % 1000 !== 0 || at < 0)) {
    return Int32Array.from({ length: count }, (_, slot) => slot).sort((a, b) => time(a) - time(b) || a - b);
  }
  const keys = new Float64Array(count);
  for (let slot = 0; slot < count; slot++) keys[slot] = (time(slot) / 1000) * slotSpace + slot;
  keys.sort();
  return Int32Array.from(keys, (key) => key % slotSpace);
}
