import type { ConnectorEntity } from '../../schema/definition/connector';
import type { EncodedRows } from './format/encodedRows';
import { textOf } from './format/rowArrays';
import { type Bounded, type Said, withoutIdle } from './repeats';
import type { TimedGone } from './softDelete';
import type { UpsertCounts } from './upsertRows';

/** The items of a batch, each id once in a round; those of one id in their order. */
export interface Rounds<T> extends Omit<Bounded<T>, 'items'> {
  readonly rounds: readonly T[][];
}

interface Items<T> {
  /** the items of a part, each about one id */
  readonly each: (part: T) => readonly T[];
  readonly said: (item: T) => Said<T>;
  readonly same: (a: T, b: T) => boolean;
}

/** The parts as they are where no id comes twice; otherwise their items in rounds. */
export function roundsOf<T>(
  parts: readonly T[],
  idsOf: (part: T) => readonly string[],
  { each, said, same }: Items<T>,
): Rounds<T> {
  const ids = parts.flatMap(idsOf);
  const none = { repeated: 0, outranked: 0, contradicted: [] };
  if (ids.length === 0) return { rounds: [], ...none };
  if (new Set(ids).size === ids.length) return { rounds: [[...parts]], ...none };
  const { items, ...left } = withoutIdle(parts.flatMap(each).map(said), same);
  const rounds: T[][] = [];
  const seen = new Map<string, number>();
  for (const item of items) {
    const [id = ''] = idsOf(item);
    const round = seen.get(id) ?? 0;
    seen.set(id, round + 1);
    const others = rounds[round];
    if (others) others.push(item);
    else rounds.push([item]);
  }
  return { rounds, ...left };
}

const isOpaque = ({ deltaSyncField }: ConnectorEntity) => deltaSyncField?.kind === 'opaque';

/** A row by itself: its version is its second column, and its times are the last two. */
export function saidOf(entity: ConnectorEntity): (row: EncodedRows) => Said<EncodedRows> {
  const opaque = isOpaque(entity);
  return (row) => {
    const [, version] = row.columns;
    const times = row.columns.slice(-2).map(({ bytes }) => bytes.toString('latin1'));
    const text = opaque || version === undefined ? '' : (textOf(version) ?? '');
    return { item: row, id: row.ids[0] ?? '', request: times.join(''), version: Buffer.from(text) };
  };
}

/** Whether two rows have the same content, whatever their versions: the first columns are id, version and what is made of that. */
export function sameRow(a: EncodedRows, b: EncodedRows): boolean {
  return a.columns.slice(3).every(({ bytes }, at) => b.columns[at + 3]?.bytes.equals(bytes));
}

export function saidGone(entity: ConnectorEntity): (one: TimedGone) => Said<TimedGone> {
  const opaque = isOpaque(entity);
  return (one) => {
    const { answer, sent, received } = one;
    const version = Buffer.from(opaque ? '' : (answer.version ?? ''));
    return { item: one, id: answer.id, request: `${sent} ${received}`, version };
  };
}

/** How rows that were left out count: as they would if they had been written. */
export function idleCounts(
  { conflict }: ConnectorEntity,
  { repeated, outranked }: Pick<Rounds<unknown>, 'repeated' | 'outranked'>,
): UpsertCounts {
  const none = { inserted: 0, updated: 0, unchanged: 0, refused: 0, disputed: 0, skipped: 0, excluded: 0 };
  if (conflict === 'skip') return { ...none, skipped: repeated + outranked };
  return { ...none, unchanged: repeated, refused: outranked };
}
