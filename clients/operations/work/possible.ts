import type { ConnectorEntity } from '../../../schema/definition/connector';
import { TidemarkError } from '../../../schema/errors';
import type { KnownTarget } from './targets';

/** What an entity's definition rules out. Each throws TidemarkError 'Usage', which names what to do instead. */

/** Only a listing `changes` can be asked since an instant, and only one that has been. */
export function assertBackfillable({ connection, entity }: KnownTarget, since: Date): void {
  if (entity.listings.changes === undefined) {
    throw new TidemarkError(
      'Usage',
      `Entity ${entity.name} has no listing \`changes\`, so it cannot be read since an instant: use ${fullSync(connection, entity)}`,
    );
  }
  if (entity.listings.changes.since === undefined) {
    throw new TidemarkError(
      'Usage',
      `The listing \`changes\` of entity ${entity.name} goes on from a token, so it cannot be read since an instant: use ${fullSync(connection, entity)}`,
    );
  }
  if (since.getTime() > Date.now()) throw new TidemarkError('Usage', `since ${since.toISOString()} is in the future`);
}

/** Only what keeps `raw` can be mapped again. */
export function assertRemappable({ connection, entity }: KnownTarget): void {
  if (!entity.raw) {
    throw new TidemarkError(
      'Usage',
      `Entity ${entity.name} keeps no raw records (raw: false): use ${fullSync(connection, entity)}`,
    );
  }
}

/** A sample is fetched one by one. */
export function assertVerifiable({ entity }: KnownTarget, sample: number | null): void {
  if (sample === null || entity.listings.one !== undefined) return;
  throw new TidemarkError(
    'Usage',
    `Entity ${entity.name} has no listing \`one\`, so no sample can be fetched: verify all of it (--all, "sample": null)`,
  );
}

function fullSync({ id }: { readonly id: string }, { name }: ConnectorEntity): string {
  return `a full sync ('tidemark sync ${id} ${name} --full', "full": true)`;
}
