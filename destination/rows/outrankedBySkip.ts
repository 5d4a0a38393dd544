import type { Knex } from 'knex';
import { query } from '../database/query';
import { type EncodedAnswers, eachRow, encodeRows } from './format/encodedRows';
import { tableName } from './format/rowFormat';
import { saidOf } from './rounds';
import type { WriteContext } from './writeContext';

interface HeldSkip {
  readonly id: string;
  readonly version: string | null;
  /** milliseconds since 1970, in PostgreSQL's time */
  readonly sent: number;
  readonly received: number;
}

/**
 * Takes out live answers that rank below the one by which the mapping left their record out. Only for records without a row: where there is one, it
 * holds that answer, and the merge rule compares the two. The caller holds the write lock.
 */
export async function withoutOutranked(
  trx: Knex.Transaction,
  context: WriteContext,
  answers: readonly EncodedAnswers[],
): Promise<{ readonly answers: readonly EncodedAnswers[]; readonly refused: number }> {
  const held = await heldSkips(
    trx,
    context,
    answers.flatMap(({ rows }) => rows.ids),
  );
  if (held.size === 0) return { answers, refused: 0 };
  const said = saidOf(context.entity);
  const opaque = context.entity.deltaSyncField?.kind === 'opaque';
  let refused = 0;
  const left = answers.flatMap((request): EncodedAnswers[] => {
    if (!request.rows.ids.some((id) => held.has(id))) return [request];
    const kept = eachRow(request.rows).filter((row) => {
      const { id, version } = said(row);
      const skip = held.get(id);
      if (skip === undefined) return true;
      if (context.confirming === true && request.sent > skip.received + context.readLagMs) return true;
      const order = version.compare(Buffer.from(opaque ? '' : (skip.version ?? '')));
      return order === 0 ? request.sent > skip.sent : order > 0;
    });
    refused += request.rows.ids.length - kept.length;
    return [
      { ...request, rows: encodeRows(context.entity, [], request) },
      ...kept.map((rows) => ({ ...request, rows, gone: [], setAside: [] })),
    ];
  });
  return { answers: left, refused };
}

async function heldSkips(
  trx: Knex.Transaction,
  { connectionId, entity }: WriteContext,
  ids: readonly string[],
): Promise<Map<string, HeldSkip>> {
  if (ids.length === 0) return new Map();
  const rows = await query<HeldSkip>(
    trx,
    /* sql */ `
    select a.external_id as id, a.version, extract(epoch from a.sent_at)::float8 * 1000 as sent,
      extract(epoch from a.received_at)::float8 * 1000 as received
    from tidemark.set_aside a
    where a.connection_id = :connectionId and a.entity = :entity and a.cleared_at is null and a.reason = 'skipped' and a.sent_at is not null
      and a.external_id is not null and coalesce(a.external_id, '') = any(cast(:ids as text[]))
      and not exists (select from ${tableName(entity)} c where c.connection_id = a.connection_id and c.external_id = a.external_id)`,
    { connectionId, entity: entity.name, ids: [...ids] },
  );
  return new Map(rows.map((row) => [row.id, row]));
}
