import type { Knex } from 'knex';
import type { Coverage } from '../../schema/coverage';
import type { Target } from '../../schema/workflows';

/** Makes the entity's row in tidemark.entities, which holds its watermark and proof, unless it exists. */
export async function ensureEntity(db: Knex, target: Target): Promise<void> {
  await db.raw('insert into tidemark.entities (connection_id, entity) values (?, ?) on conflict do nothing', [
    target.connectionId,
    target.entity,
  ]);
}

/** What a completed reconciliation concludes of an entity. */
export interface Proof {
  /** milliseconds since 1970, PostgreSQL's time, as `provedAt`; null where the scan did not cover everything: the watermark stays */
  readonly watermark: number | null;
  /** when the scan began */
  readonly provedAt: number;
  /** rows that it found missing, stale or gone, and put right */
  readonly differences: number;
  /** rows that it could not judge, by reason */
  readonly unjudged: Unjudged;
  /** null: everything */
  readonly coverage: Coverage | null;
}

/**
 * What could not be judged, and how many: `setAside`: records set aside as invalid or conflict; `otherId`: records whose id the source
 * answers with another record; `unlisted`: rows that are live, not listed, and received too recently for absence to count, where
 * there is no `one` to ask, or the source's answer proved nothing; `uncertainEnd`: lists that ended where nothing showed that they had
 * ended, so that the source may hold more than they showed.
 * `leftOut`: live rows whose record the mapping leaves out, and which wait in a plan; `excluded`: … that a row of another table excludes; `edited`: … that are left out and stay, since a user has edited them; `owed`: records whose related records are to be read again; `related`: kinds of related records, which a comparison of versions does not compare;
 * `contents`: rows that a list of ids without versions showed to be there, and nothing more.
 */
export type Unjudged = Readonly<
  Partial<
    Record<
      | 'setAside'
      | 'otherId'
      | 'unlisted'
      | 'uncertainEnd'
      | 'owed'
      | 'leftOut'
      | 'excluded'
      | 'edited'
      | 'related'
      | 'contents',
      number
    >
  >
>;

/**
 * Records that a completed reconciliation proved the table equal, but for what it could not judge, and raises the entity's
 * watermark: nothing received before it is written any more.
 */
export async function raiseWatermark(db: Knex, { connectionId, entity }: Target, proof: Proof): Promise<void> {
  await db.raw(
    `update tidemark.entities set watermark_at = greatest(watermark_at, ?::timestamptz), proved_at = greatest(proved_at, ?::timestamptz),
       proof_differences = ?, proof_unjudged = ?::jsonb, proof_coverage = ?::jsonb
     where connection_id = ? and entity = ?`,
    [
      proof.watermark === null ? null : new Date(proof.watermark),
      new Date(proof.provedAt),
      proof.differences,
      JSON.stringify(proof.unjudged),
      JSON.stringify(proof.coverage ?? {}),
      connectionId,
      entity,
    ],
  );
}
