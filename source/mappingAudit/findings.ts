import type { ConnectorEntity } from '../../schema/definition/connector';
import type { MappingFinding } from '../../schema/definition/mappingAudit';
import { mappingFindings } from '../../schema/definition/mappingAudit';
import { type Narrower, narrower } from './columns';
import type { FieldFacts, Fields } from './fields';
import type { Sample } from './sample';
import { wasRead } from './track';

/** Findings end up in a history. */
const findingsAtMost = 200;
/** Of fewer values no type is concluded. */
const enough = 5;

/** Two halves of what the source lists now, and what is stored of before. */
export interface Halves {
  readonly first: Sample;
  readonly second: Sample;
  readonly stored: Fields;
}

/** What the records say against the definition: wrong data first, then what it lacks. */
export function findingsOf(entity: ConnectorEntity, halves: Halves): MappingFinding[] {
  const found = [
    ...refusedFindings(halves),
    ...absentFindings(halves),
    ...columnFindings(entity, halves),
    ...mixedFindings(halves),
    ...unmappedFindings(halves),
  ];
  const place = ({ about }: MappingFinding) => mappingFindings.indexOf(about);
  return found.sort((a, b) => place(a) - place(b) || b.records - a.records).slice(0, findingsAtMost);
}

function refusedFindings({ first, second }: Halves): MappingFinding[] {
  return [...new Set([...first.refused.keys(), ...second.refused.keys()])].map((detail) => {
    const [one, other] = [first.refused.get(detail), second.refused.get(detail)];
    return {
      about: 'set-aside',
      field: /: ([\w.]+): /.exec(detail)?.[1] ?? '',
      finding: `they are set aside: ${detail.slice(0, 300)}`,
      records: (one?.records ?? 0) + (other?.records ?? 0),
      ids: [...(one?.ids ?? []), ...(other?.ids ?? [])].slice(0, 3),
      confirmed: one !== undefined && other !== undefined,
      line: 'row: …, or map: …',
    };
  });
}

/** Fields that the definition reads and no record has now. */
function absentFindings(halves: Halves): MappingFinding[] {
  const { first, second, stored } = halves;
  const absent = [...first.reads.absent].filter((path) => second.reads.absent.has(path) && !path.includes('*'));
  const isThere = (path: string, fields: Fields) =>
    fields.byPath.has(path) || [...fields.byPath.keys()].some((other) => other.startsWith(`${path}.`));
  return absent
    .filter((path) => !isThere(path, first.fields) && !isThere(path, second.fields))
    .filter((path) => !absent.some((other) => path.startsWith(`${other}.`)))
    .map((path): MappingFinding => {
      const before = stored.byPath.get(path);
      const records = first.fields.records + second.fields.records;
      if (before === undefined || before.filled === 0) {
        const finding = 'the definition reads it, and no record has it';
        return {
          about: 'missing',
          field: path,
          finding,
          records,
          ids: [],
          confirmed: true,
          line: `map: …   // without '${path}'`,
        };
      }
      const other = newName(path, before, halves);
      const called = other === undefined ? '' : `; '${other}' is new and has values of the same type`;
      return {
        ...{ about: 'renamed', field: path, records, ids: before.ids, confirmed: true },
        finding: `${before.filled} stored records have it, and none that the source lists now${called}`,
        line:
          other === undefined
            ? `map: …   // '${path}' is no longer there`
            : `map: …   // '${other}' instead of '${path}'`,
      };
    });
}

/** A field that nothing reads and no stored record has, with values of the type that the vanished one had: the one whose name is most alike. */
function newName(path: string, before: FieldFacts, { first, second, stored }: Halves): string | undefined {
  const types = new Set(before.types.keys());
  const parent = path.split('.').slice(0, -1).join('.');
  const candidates = [...first.fields.byPath.values()].filter(
    (facts) =>
      facts.filled > 0 &&
      second.fields.byPath.has(facts.path) &&
      !stored.byPath.has(facts.path) &&
      !wasRead(first.reads, facts.path) &&
      facts.path.split('.').slice(0, -1).join('.') === parent &&
      [...facts.types.keys()].every((type) => types.has(type)),
  );
  const alike = (name: string) => sharedLetters(plain(name), plain(path));
  return candidates.sort((a, b) => alike(b.path) - alike(a.path))[0]?.path;
}

const plain = (path: string) => (path.split('.').at(-1) ?? '').toLowerCase().replace(/[^a-z0-9]/g, '');

/** How many pairs of neighbouring letters two names share. */
function sharedLetters(a: string, b: string): number {
  const pairs = (text: string) => new Set(Array.from({ length: text.length - 1 }, (_, at) => text.slice(at, at + 2)));
  const others = pairs(b);
  return [...pairs(a)].filter((pair) => others.has(pair)).length;
}

function columnFindings({ columns }: ConnectorEntity, { first, second }: Halves): MappingFinding[] {
  return columns.flatMap(({ name, type }): MappingFinding[] => {
    const [one, other] = [first.columns.byName.get(name), second.columns.byName.get(name)];
    const rows = (one?.rows ?? 0) + (other?.rows ?? 0);
    const filled = (one?.filled ?? 0) + (other?.filled ?? 0);
    if (rows === 0) return [];
    if (filled === 0) {
      const finding = 'it is null in every row';
      const confirmed = (one?.rows ?? 0) > 0 && (other?.rows ?? 0) > 0;
      return [
        { about: 'always-null', field: name, finding, records: rows, ids: [], confirmed, line: `map: … ${name}: …` },
      ];
    }
    if (type !== 'text' || filled < enough) return [];
    const could = [...(one?.could ?? [])].filter((each) => other === undefined || other.could.has(each));
    const [best] = could.filter((each) => each !== 'integer' || !/(^|_)(id|no|number|code|phone|zip)$/.test(name));
    if (best === undefined) return [];
    return [
      typeFinding(name, best, filled, {
        ids: [...(one?.ids ?? [])],
        confirmed: (one?.filled ?? 0) > 0 && (other?.filled ?? 0) > 0,
      }),
    ];
  });
}

function typeFinding(
  name: string,
  type: Narrower,
  records: number,
  shown: Pick<MappingFinding, 'ids' | 'confirmed'>,
): MappingFinding {
  const finding = `it is text, and each of its ${records} values is ${narrower[type].name}`;
  return {
    about: 'other-type',
    field: name,
    finding,
    records,
    ...shown,
    line: `row: { ${name}: ${narrower[type].line} }`,
  };
}

/** Fields that the definition reads and whose values have several types: one of them is likely not expected. */
function mixedFindings({ first, second }: Halves): MappingFinding[] {
  return [...first.fields.byPath.values()].flatMap((facts): MappingFinding[] => {
    const other = second.fields.byPath.get(facts.path);
    const types = new Set([...facts.types.keys(), ...(other?.types.keys() ?? [])]);
    if (types.size < 2 || !wasRead(first.reads, facts.path)) return [];
    const finding = `its values are of several types: ${[...types].sort().join(', ')}`;
    const confirmed = facts.types.size > 1 && (other?.types.size ?? 0) > 1;
    const records = facts.filled + (other?.filled ?? 0);
    return [
      {
        about: 'other-type',
        field: facts.path,
        finding,
        records,
        ids: facts.ids,
        confirmed,
        line: `record: z.looseObject({ … })`,
      },
    ];
  });
}

/** Fields with values that nothing reads; of an object of which nothing is read, the object itself. */
function unmappedFindings({ first, second }: Halves): MappingFinding[] {
  const groups = new Map<string, Unread>();
  for (const [at, half] of [first, second].entries()) {
    for (const { path, filled, ids } of half.fields.byPath.values()) {
      if (filled === 0 || wasRead(first.reads, path) || wasRead(second.reads, path)) continue;
      const top = highestUnread(path, [first, second]);
      const group = groups.get(top) ?? { records: [0, 0], ids, fields: new Set() };
      group.fields.add(path);
      group.records[at] = Math.max(group.records[at] ?? 0, filled);
      groups.set(top, group);
    }
  }
  return [...groups].map(([path, { records, ids, fields }]) => ({
    ...{ about: 'unmapped', field: path, ids, confirmed: records.every((count) => count > 0) },
    records: records.reduce((a, b) => a + b),
    finding: `nothing reads it${fields.size > 1 ? ` (${fields.size} fields below it)` : ''}`,
    line: `row: { ${columnName(path)}: … }, map: (r) => ({ ${columnName(path)}: r.${path} })`,
  }));
}

interface Unread {
  /** in each half */
  readonly records: number[];
  readonly ids: readonly string[];
  readonly fields: Set<string>;
}

/** The highest part of a path below which nothing was read. */
function highestUnread(path: string, samples: readonly Sample[]): string {
  const steps = path.split('.');
  const isRead = (top: string) =>
    samples.some(({ reads: { paths } }) => paths.has(top) || [...paths].some((read) => read.startsWith(`${top}.`)));
  for (let length = 1; length < steps.length; length += 1) {
    const top = steps.slice(0, length).join('.');
    if (!isRead(top)) return top;
  }
  return path;
}

function columnName(path: string): string {
  return path
    .replace(/^(attributes|fields|properties)\./, '')
    .replace(/\.?\*/g, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^a-zA-Z0-9]+/g, '_')
    .toLowerCase();
}
