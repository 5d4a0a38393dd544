import type { Knex } from 'knex';
import { type Asked, type Counts, noCounts } from '../../schema/answer';
import { type EncodedAnswers, eachRow, encodeRows } from './format/encodedRows';
import { tableName } from './format/rowFormat';
import type { WriteContext } from './writeContext';

/** Notes that a record is erased now; the caller holds the entity's write lock. */
export async function rememberForgotten(
  tx: Knex.Transaction,
  connectionId: string,
  entity: string,
  id: string,
): Promise<void> {
  await tx.raw(
    `insert into tidemark.forgotten (connection_id, entity, external_id) values (?, ?, ?)
     on conflict (connection_id, entity, external_id) do update set at = excluded.at`,
    [connectionId, entity, id],
  );
}

/**
 * Leaves out what was asked before its record was erased: a page or a fetch under way would bring back the person who was
 * deleted at the source and erased here. What was asked afterwards counts, but that a record is gone is not remembered
 * of one that was erased. The counts are of what is left out: refused, or unchanged where there is nothing to remember.
 */
export async function withoutForgotten(
  trx: Knex.Transaction,
  { connectionId, entity }: Pick<WriteContext, 'connectionId' | 'entity'>,
  requests: readonly EncodedAnswers[],
): Promise<{ answers: readonly EncodedAnswers[]; left: Readonly<Counts> }> {
  const named = requests.flatMap(({ rows, gone, setAside }) => [
    ...rows.ids,
    ...gone.map(({ id }) => id),
    ...setAside.flatMap(({ id }) => id ?? []),
  ]);
  const { rows: found } = await trx.raw(
    /* sql */ `
    select f.external_id as id, extract(epoch from f.at)::float8 * 1000 as at,
      exists (select from ${tableName(entity)} t where t.connection_id = f.connection_id and t.external_id = f.external_id) as back
    from tidemark.forgotten f where f.connection_id = ? and f.entity = ? and f.external_id = any(?)`,
    [connectionId, entity.name, named],
  );
  if (found.length === 0) return { answers: requests, left: noCounts };
  const recent = found as { readonly id: string; readonly at: number; readonly back: boolean }[];
  const erased = new Map(recent.map(({ id, at }) => [id, at]));
  const back = new Set(recent.filter((row) => row.back).map(({ id }) => id));

  const left = { ...noCounts };
  const only = <T>(answers: readonly T[], counts: (answer: T) => boolean, as: 'refused' | 'unchanged' = 'refused') => {
    const kept = answers.filter(counts);
    left[as] += answers.length - kept.length;
    return kept;
  };
  const askedSince = ({ sent }: Asked, id: string | null | undefined) => sent >= (erased.get(id ?? '') ?? 0);
  const shown = requests.map((request) => {
    const { rows } = request;
    if (rows.ids.every((id) => askedSince(request, id))) return [rows];
    return [encodeRows(entity, [], request), ...only(eachRow(rows), ({ ids: [id] }) => askedSince(request, id))];
  });
  for (const { ids } of shown.flat()) for (const id of ids) back.add(id);
  const answers = requests.flatMap((request, at) => {
    const since = only(request.gone, ({ id }) => askedSince(request, id));
    const gone = only(since, ({ id }) => !erased.has(id) || back.has(id), 'unchanged');
    const setAside = only(request.setAside, ({ id }) => askedSince(request, id));
    return (shown[at] ?? []).map(
      (rows, part): EncodedAnswers =>
        part === 0 ? { ...request, rows, gone, setAside } : { ...request, rows, gone: [], setAside: [] },
    );
  });
  return { answers, left };
}
