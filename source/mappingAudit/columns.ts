const idsKept = 3;

/** What the mapped rows of a sample hold in one column. */
export interface ColumnFacts {
  rows: number;
  filled: number;
  /** whether every value, as text, has this narrower type still */
  readonly could: Set<Narrower>;
  readonly ids: string[];
}

export const narrower = {
  boolean: { form: /^(true|false)$/, line: 'z.boolean()', name: 'boolean' },
  date: { form: /^\d{4}-\d\d-\d\d$/, line: 'z.iso.date()', name: 'a date' },
  instant: {
    form: /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/,
    line: 'z.iso.datetime({ offset: true })',
    name: 'an instant with its zone',
  },
  // a leading zero means that it is no number: a post code, a phone number
  integer: { form: /^-?(0|[1-9]\d{0,14})$/, line: 'z.int()', name: 'a whole number' },
} as const;
export type Narrower = keyof typeof narrower;

const all = Object.keys(narrower) as Narrower[];

/** Values of columns that the definition declares as text, and which of all columns have values at all. */
export class ColumnValues {
  readonly byName = new Map<string, ColumnFacts>();

  add(row: Readonly<Record<string, unknown>>, id: string): void {
    for (const [name, value] of Object.entries(row)) {
      let facts = this.byName.get(name);
      if (facts === undefined) {
        facts = { rows: 0, filled: 0, could: new Set(all), ids: [] };
        this.byName.set(name, facts);
      }
      facts.rows += 1;
      if (value === null || value === undefined) continue;
      facts.filled += 1;
      if (facts.ids.length < idsKept) facts.ids.push(id);
      for (const type of facts.could)
        if (typeof value !== 'string' || !narrower[type].form.test(value)) facts.could.delete(type);
    }
  }
}
