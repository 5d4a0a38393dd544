import { ControlError } from '../../simulator/control';
import { type Kind, kinds, type Stored } from './records';
import { firstIds, type SeedSizes, seeded } from './seed';

/** The headers of reports are labels for people: brands have different ones for the same values, and they change. */
export const editions = ['plain', 'renamed'] as const;
export type Edition = (typeof editions)[number];

/** One change to the records of a brand, as the journal keeps it; `record` null: it is removed. */
export interface Mutation {
  readonly brand: string;
  readonly kind: Kind;
  readonly id: string;
  readonly record: Stored | null;
}

/** The records of one brand. */
export class Brand {
  private readonly byKind: Readonly<Record<Kind, Map<string, Stored>>>;
  private readonly lastIds: Record<Kind, number>;
  edition: Edition;

  constructor(
    readonly name: string,
    sizes: SeedSizes,
    day: number,
    /** of the seed, and of the ids of its reports */
    readonly salt: number,
    edition: Edition,
  ) {
    this.edition = edition;
    const maps = kinds.map((kind) => [kind, new Map<string, Stored>()] as const);
    this.byKind = Object.fromEntries(maps) as Record<Kind, Map<string, Stored>>;
    for (const [kind, record] of seeded(sizes, day, salt)) this.byKind[kind].set(record.id, record);
    const last = kinds.map((kind) => [kind, firstIds[kind] + 100_000 + this.byKind[kind].size] as const);
    this.lastIds = Object.fromEntries(last) as Record<Kind, number>;
  }

  /** In the order of their ids, unless records were made with others. */
  all(kind: Kind): IterableIterator<Stored> {
    return this.byKind[kind].values();
  }

  count(kind: Kind): number {
    return this.byKind[kind].size;
  }

  find(kind: Kind, id: string): Stored | undefined {
    return this.byKind[kind].get(id);
  }

  /** Throws ControlError. */
  get(kind: Kind, id: string): Stored {
    const found = this.find(kind, id);
    if (!found) throw new ControlError(`${this.name} has no record ${id} of ${kind}`);
    return found;
  }

  newId(kind: Kind): string {
    this.lastIds[kind] += 1;
    return String(this.lastIds[kind]);
  }

  apply({ kind, id, record }: Mutation): void {
    if (record === null) this.byKind[kind].delete(id);
    else this.byKind[kind].set(id, record);
    this.lastIds[kind] = Math.max(this.lastIds[kind], Number(id) || 0);
  }
}
