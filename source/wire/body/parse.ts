import { isAscii } from 'node:buffer';
import { parseExactly, pruning, TooManyDigits } from '../../../schema/json/exactJson';
import { SourceText } from '../../../schema/json/sourceText';
import { bounds, OutOfBounds } from './bounds';
import { Scan, type Scanned } from './scan';
import { marks, type RecordPlace, type Spans } from './spans';
import { turns } from './turns';

/** A record's own text, and why it cannot be read where it cannot. */
export interface SentRecord {
  readonly text: SourceText;
  /** the record is set aside with this; what was parsed of it is good for its id and version only */
  readonly problem: string | undefined;
}

export interface ParsedBody {
  readonly value: unknown;
  /** Of a record in it, as it was handed out; undefined for anything else. */
  sent(record: unknown): SentRecord | undefined;
}

/** The body is no JSON. `cut`: it ends within a string, or with brackets open. */
export class NotJson extends Error {
  readonly cut: boolean;

  constructor(cut: boolean) {
    super(cut ? 'the JSON was cut short' : 'it is not JSON');
    this.cut = cut;
  }
}

/** scanned in a row: a millisecond or two */
const sliceBytes = 512 * 1024;
/** records between two looks at the clock */
const recordsInRow = 32;

/**
 * Parses a body, which is UTF-8, record by record and in slices, so that the largest body that is read does not hold the event
 * loop. Numbers that a double cannot hold come out as text (see `parseExactly`). Throws NotJson, and OutOfBounds before
 * anything is parsed.
 */
export async function parseBody(bytes: Buffer, place: RecordPlace): Promise<ParsedBody> {
  const scanned = await scan(bytes, place);
  if (!scanned.whole) throw new NotJson(true);
  const { spans } = scanned;
  const around = spans ? bytes.length - (spans.to - spans.from) : bytes.length;
  const where = spans ? 'around the records' : `without records at '${place.path}'`;
  if (scanned.around > bounds.aroundValues) {
    throw new OutOfBounds(`${scanned.around} values ${where}, of which at most ${bounds.aroundValues} are read`);
  }
  if (around > bounds.recordBytes) {
    throw new OutOfBounds(`${around} bytes ${where}, of which at most ${bounds.recordBytes} are read`);
  }
  const read = isAscii(bytes) ? asciiReader(bytes) : (from: number, to: number) => bytes.toString('utf8', from, to);
  if (!spans) return { value: parsed(read(0, bytes.length), scanned.marks), sent: () => undefined };
  const stand = place.list ? '[]' : 'null';
  const envelope = read(0, spans.from) + stand + read(spans.to, bytes.length);
  const value = parsed(envelope, scanned.marks);
  const { records, problems } = await parseRecords(spans, read);
  return {
    value: withRecords(value, place, records),
    sent: sentBy(records, spans, problems, read),
  };
}

type Read = (from: number, to: number) => string;

function asciiReader(bytes: Buffer): Read {
  const text = bytes.toString('latin1');
  return (from, to) => text.slice(from, to);
}

async function scan(bytes: Buffer, place: RecordPlace): Promise<Scanned> {
  const pass = new Scan(bytes, place);
  const yielding = turns();
  for (let until = sliceBytes; !pass.run(until); until += sliceBytes) await yielding();
  return pass.result();
}

async function parseRecords(spans: Spans, read: Read) {
  const records: unknown[] = new Array(spans.count);
  const problems = new Map<number, string>();
  const yielding = turns();
  for (let index = 0; index < spans.count; index += 1) {
    if (index % recordsInRow === 0) {
      await yielding();
      const group = plainGroup(spans, index, read);
      if (group !== undefined) {
        for (const record of group) records[index++] = record;
        index -= 1;
        continue;
      }
    }
    const text = read(spans.edges[index * 2] ?? 0, spans.edges[index * 2 + 1] ?? 0);
    const mark = spans.marks[index] ?? 0;
    const problem = whyUnread(mark);
    if (problem === undefined) {
      try {
        records[index] = parsed(text, mark);
        continue;
      } catch (error) {
        if (!(error instanceof TooManyDigits)) throw error;
        problems.set(index, error.message);
      }
    } else {
      problems.set(index, problem);
    }
    records[index] = parsed(await keptOf(text, mark, yielding), mark, 'leave out');
  }
  return { records, problems };
}

/** a longer group would hold the event loop */
const groupBytes = 256 * 1024;

/**
 * The next `recordsInRow` records parsed by one call, which takes two thirds of the time that a call for each takes. Undefined where
 * there are fewer, one of them has a mark, or they are long together: they are then parsed one by one.
 */
function plainGroup({ count, edges, marks: marksOf }: Spans, from: number, read: Read): unknown[] | undefined {
  const to = from + recordsInRow;
  if (to > count) return undefined;
  for (let index = from; index < to; index += 1) if ((marksOf[index] ?? 0) & ~marks.escape) return undefined;
  const begin = edges[from * 2] ?? 0;
  const end = edges[to * 2 - 1] ?? 0;
  if (end - begin > groupBytes) return undefined;
  const group = parsed(`[${read(begin, end)}]`, 0);
  // the scan checks no grammar: what it took for one record may be two
  return Array.isArray(group) && group.length === recordsInRow ? group : undefined;
}

/** What is parsed of a record that is set aside: enough for its id and version. */
const keptDepth = 8;
const keptString = 4_000;

/** What is left of it may be no longer: an object of a million short fields is no record, and its id is not looked for. */
const keptLength = 1_000_000;

async function keptOf(text: string, mark: number, yielding: () => Promise<void> | undefined): Promise<string> {
  const rest = pruning(text, { depth: keptDepth, string: keptString, lists: (mark & marks.large) === 0 });
  for (let step = rest.next(); ; step = rest.next()) {
    if (step.done) return step.value.length > keptLength ? '{}' : step.value;
    await yielding();
  }
}

function whyUnread(mark: number): string | undefined {
  if (mark & marks.deep) return `it is nested more than ${bounds.depth} levels deep`;
  if (mark & marks.large)
    return `it is larger than ${bounds.recordBytes} bytes or ${bounds.recordValues} values, which is the limit`;
  return undefined;
}

/** Throws NotJson, TooManyDigits. */
function parsed(text: string, mark: number, tooLong: 'refuse' | 'leave out' = 'refuse'): unknown {
  try {
    return mark & marks.number ? parseExactly(text, tooLong) : JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new NotJson(false);
  }
}

/** The body with the records in their place. */
function withRecords(body: unknown, { path, list }: RecordPlace, records: readonly unknown[]): unknown {
  const found = list ? records : records[0];
  if (path === '') return found;
  const steps = path.split('.');
  let here = body as Record<string, unknown>;
  for (const step of steps.slice(0, -1)) here = here[step] as Record<string, unknown>;
  here[steps.at(-1) ?? ''] = found;
  return body;
}

/** Objects alone have an identity to be found by; other values are no records, and are set aside as what they are. */
function sentBy(records: readonly unknown[], spans: Spans, problems: ReadonlyMap<number, string>, read: Read) {
  let indexes: Map<unknown, number> | undefined;
  // records are nearly always asked for in their order, without a map of them
  let next = 0;
  const indexOf = (record: unknown) => {
    if (records[next] === record) return next;
    indexes ??= new Map(records.map((one, index) => [one, index]));
    return indexes.get(record);
  };
  return (record: unknown): SentRecord | undefined => {
    if (typeof record !== 'object' || record === null) return undefined;
    const index = indexOf(record);
    if (index === undefined) return undefined;
    next = index + 1;
    const text = read(spans.edges[index * 2] ?? 0, spans.edges[index * 2 + 1] ?? 0);
    return {
      text: new SourceText(text, ((spans.marks[index] ?? 0) & marks.escape) !== 0),
      problem: problems.get(index),
    };
  };
}
