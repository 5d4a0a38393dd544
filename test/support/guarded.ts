import type { Knex } from 'knex';
import { z } from 'zod';
import { encodeRows } from '../../destination/rows/format/encodedRows';
import { softDelete } from '../../destination/rows/softDelete';
import { ensureTable } from '../../destination/rows/tables';
import { upsertRows } from '../../destination/rows/upsertRows';
import type { WriteContext } from '../../destination/rows/writeContext';
import type { ConnectorEntity } from '../../schema/definition/connector';
import { encodeVersion } from '../../schema/version';
import { databaseOf, writtenEntity } from './writtenEntity';

/** One answer about one record; times in seconds. */
export interface Said {
  readonly gone?: boolean;
  /** null where records have no version */
  readonly version: number | null;
  readonly content?: string;
  readonly sent: number;
  readonly received?: number;
  readonly confirming?: WriteContext['confirming'];
}

/** What stands in the table of it. */
export interface Row {
  gone: boolean;
  version: string | null;
  content: string | null;
  disputed: boolean;
}

/** the read lag, in seconds */
export const lag = 10;
/** what the times of answers count from */
export const epoch = Date.parse('2026-01-01T00:00:00Z');
const entity = writtenEntity('things', z.object({ content: z.string().nullable() }));
/** the same without a version */
const bare = writtenEntity('bare', z.object({ content: z.string().nullable() }), 'update', null);
let records = 0;

/** A database for a test file, with the tables `x_things` and `x_bare` of connection `c`. Destroy it afterwards. */
export async function guardedTable(): Promise<Knex> {
  const db = await databaseOf(entity);
  await ensureTable(db, bare);
  return db;
}

const entityOf = ({ version }: Said) => (version === null ? bare : entity);

/** Writes the answers to a fresh record in the order given and returns what stands in the table. */
export async function write(db: Knex, answers: readonly Said[], mostlyNew = false): Promise<Row> {
  return (await writeAll(db, [answers], mostlyNew))[0] as Row;
}

/** The same for many sequences, each with a record of its own; what comes at the same place of each is one statement. */
export async function writeAll(db: Knex, sequences: readonly (readonly Said[])[], mostlyNew = false): Promise<Row[]> {
  const ids = sequences.map(() => `record-${++records}`);
  await db.transaction(async (trx) => {
    for (let place = 0; place < Math.max(...sequences.map(({ length }) => length)); place++) {
      const all = sequences.flatMap((answers, index) => {
        const said = answers[place];
        return said ? [{ id: ids[index] as string, said }] : [];
      });
      for (const confirming of [false, 'in passing', true] as const) {
        const some = all.filter(({ said }) => (said.confirming ?? false) === confirming);
        await writeSome(trx, some, confirming, mostlyNew);
      }
    }
  });
  const found = [
    ...(await db('x_things').whereIn('external_id', ids)),
    ...(await db('x_bare').whereIn('external_id', ids)),
  ];
  const rows = new Map(found.map((row) => [row.external_id, row]));
  return ids.map((id) => {
    const row = rows.get(id);
    return {
      gone: row.deleted_at !== null,
      version: row.deleted_at === null ? row._version : null,
      content: row.deleted_at === null ? row.content : null,
      disputed: row._disputed_at !== null,
    };
  });
}

export async function writeSome(
  trx: Knex.Transaction,
  items: readonly { id: string; said: Said }[],
  confirming: WriteContext['confirming'],
  mostlyNew = false,
): Promise<void> {
  for (const one of [entity, bare]) {
    const some = items.filter(({ said }) => entityOf(said) === one);
    if (some.length > 0) await writeSomeOf(one, trx, some, confirming, mostlyNew);
  }
}

async function writeSomeOf(
  one: ConnectorEntity,
  trx: Knex.Transaction,
  items: readonly { id: string; said: Said }[],
  confirming: WriteContext['confirming'],
  mostlyNew: boolean,
): Promise<void> {
  const context: WriteContext = {
    connectionId: 'c',
    entity: one,
    confirming,
    readLagMs: lag * 1000,
    writtenBy: 'test',
  };
  const times = (said: Said) => ({
    sent: epoch + said.sent * 1000,
    received: epoch + (said.received ?? said.sent + 1) * 1000,
  });
  const gone = items.filter(({ said }) => said.gone);
  const live = items.filter(({ said }) => !said.gone);
  if (gone.length > 0) {
    await softDelete(
      trx,
      context,
      gone.map(({ id, said }) => ({ answer: { id, version: null }, ...times(said) })),
    );
  }
  if (live.length > 0) {
    const rows = live.map(({ id, said }) => {
      const answer = {
        id,
        version: said.version === null ? null : encodeVersion('integer', said.version),
        row: { content: said.content ?? `v${said.version}` },
        raw: { any: said.sent },
      };
      return encodeRows(one, [answer], times(said));
    });
    await upsertRows(trx, context, rows, mostlyNew);
  }
}

/** All permutations. */
export function orders<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) => orders(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}
