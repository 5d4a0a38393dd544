import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import type { SetAsideAnswer } from '../../schema/answer';
import { SourceText } from '../../schema/json/sourceText';
import { storableJson, storableText } from '../../schema/text/storableText';
import type { Target } from '../../schema/workflows';

/**
 * Of a longer payload only the beginning is kept, with a mark: a record of this many characters of JSON is no record, and
 * the source still has it. Whole pages are bounded by the API client.
 */
const rawAtMost = 8 * 1024 * 1024;

/**
 * Sets records aside, in one statement: a record that is set aside already has its entry renewed (latest reason and
 * payload, one more time seen). `runId` is null outside of runs. Returns how many entries are new.
 */
export async function setAside(
  tx: Knex,
  target: Target,
  runId: string | null,
  answers: readonly SetAsideAnswer[],
): Promise<number> {
  if (answers.length === 0) return 0;
  const entries = new Map<string, Entry>();
  for (const answer of answers) {
    const entry = entryOf(answer);
    const key = entry.external_id === null ? `hash ${entry.raw_hash}` : `id ${entry.external_id}`;
    entries.set(key, { ...entry, times: (entries.get(key)?.times ?? 0) + 1 });
  }
  const { rows } = await tx.raw(setAsideSql, {
    connectionId: target.connectionId,
    entity: target.entity,
    runId,
    entries: storableJson([...entries.values()]),
  });
  return rows[0].added;
}

interface Entry {
  readonly external_id: string | null;
  readonly reason: string;
  readonly detail: string;
  readonly raw: string;
  readonly raw_hash: string;
  readonly times: number;
  readonly version: string | null;
  readonly sent_at: Date | null;
  readonly received_at: Date | null;
}

function entryOf({ id, reason, detail, raw, version, asked }: SetAsideAnswer): Entry {
  const text = rawText(raw);
  return {
    external_id: id === null ? null : storableText(id),
    reason,
    detail: storableText(detail).slice(0, 10_000),
    raw: text.length <= rawAtMost ? text : `${text.slice(0, rawAtMost)}… [${text.length - rawAtMost} more characters]`,
    raw_hash: createHash('sha256').update(text).digest('hex'),
    times: 1,
    version: version ?? null,
    sent_at: asked === undefined ? null : new Date(asked.sent),
    received_at: asked === undefined ? null : new Date(asked.received),
  };
}

/** A record's JSON, in which U+0000 and lone surrogates stand as escapes, so that nothing of the payload is lost. */
export function rawText(raw: unknown): string {
  if (raw instanceof SourceText) return raw.text;
  return JSON.stringify(raw, (_key, value) => (typeof value === 'bigint' ? String(value) : value)) ?? 'null';
}

const setAsideSql = /* sql */ `
with entries as (
  insert into tidemark.set_aside as s
    (connection_id, entity, external_id, reason, detail, raw, raw_hash, run_id, times, version, sent_at, received_at)
  select :connectionId, :entity, e.external_id, e.reason, e.detail, e.raw, decode(e.raw_hash, 'hex'), cast(:runId as bigint), e.times,
    e.version, e.sent_at, e.received_at
  from jsonb_to_recordset(cast(:entries as jsonb)) as e (external_id text, reason text, detail text, raw text, raw_hash text, times int,
    version text, sent_at timestamptz, received_at timestamptz)
  -- in one order everywhere, so that two of these don't wait for each other
  order by e.external_id collate "C", e.raw_hash
  on conflict (connection_id, entity, (coalesce(external_id, '')), (case when external_id is null then encode(raw_hash, 'hex') else '' end))
    where cleared_at is null
  do update set reason = excluded.reason, detail = excluded.detail, raw = excluded.raw, raw_hash = excluded.raw_hash,
    run_id = excluded.run_id, version = excluded.version, sent_at = excluded.sent_at, received_at = excluded.received_at,
    times = s.times + excluded.times, last_seen_at = clock_timestamp()
  returning s.xmax = 0 as added
)
select count(*) filter (where added)::int as added from entries
`;

/**
 * Clears the open entries of records that have been written since. With a thousand ids it costs 2 ms even where nothing is
 * open, as is the rule, so a caller that writes batch after batch finds that out first. Returns how many were cleared.
 */
export async function clearSetAside(tx: Knex, target: Target, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  const result = await tx.raw(
    // coalesce, as the index has it
    `update tidemark.set_aside set cleared_at = clock_timestamp(), cleared_by = 'synced'
     where connection_id = ? and entity = ? and cleared_at is null
       and external_id is not null and coalesce(external_id, '') = any(?::text[])`,
    [target.connectionId, target.entity, ids.map(storableText)],
  );
  return result.rowCount ?? 0;
}
