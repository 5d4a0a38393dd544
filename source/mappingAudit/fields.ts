import { below } from './track';

/** More fields than any record has; what comes after them is not looked at. */
const fieldsAtMost = 2_000;
const deepest = 8;
const idsKept = 3;

/** What the records of a sample hold at one path. */
export interface FieldFacts {
  readonly path: string;
  /** records that have a value there, null included */
  present: number;
  /** … and a value that is not null */
  filled: number;
  /** JSON types of the values, null left out */
  readonly types: Map<string, number>;
  /** records with a value, at most three */
  readonly ids: string[];
}

/** The leaves of records: what is neither an object nor a list with content. */
export class Fields {
  readonly byPath = new Map<string, FieldFacts>();
  records = 0;

  add(record: unknown, id: string): void {
    this.records += 1;
    const seen = new Set<string>();
    this.walk(record, '', id, seen);
  }

  private walk(value: unknown, path: string, id: string, seen: Set<string>): void {
    const depth = path === '' ? 0 : path.split('.').length;
    if (typeof value === 'object' && value !== null && depth < deepest) {
      const entries = Array.isArray(value)
        ? value.map((inner): [string, unknown] => ['*', inner])
        : Object.entries(value);
      for (const [name, inner] of entries) this.walk(inner, below(path, name), id, seen);
      if (entries.length > 0) return;
    }
    if (path !== '') this.note(path, value, id, seen);
  }

  private note(path: string, value: unknown, id: string, seen: Set<string>): void {
    let facts = this.byPath.get(path);
    if (facts === undefined) {
      if (this.byPath.size >= fieldsAtMost) return;
      facts = { path, present: 0, filled: 0, types: new Map(), ids: [] };
      this.byPath.set(path, facts);
    }
    if (value !== null) {
      const type = Array.isArray(value) ? 'list' : typeof value;
      facts.types.set(type, (facts.types.get(type) ?? 0) + 1);
    }
    // of a list, a record counts once
    const first = !seen.has(path);
    seen.add(path);
    if (first) facts.present += 1;
    if (value === null || seen.has(`${path}\n`)) return;
    seen.add(`${path}\n`);
    facts.filled += 1;
    if (facts.ids.length < idsKept) facts.ids.push(id);
  }
}
