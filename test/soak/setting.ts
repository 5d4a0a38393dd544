import { planningCenter } from '../../connectors/planning-center/connector';
import type { ConnectorEntity } from '../../schema/definition/connector';

/** What all parts of the soak agree on. */
export const connectionId = 'soak';
export const credentials = { appId: 'app-of-the-soak', secret: 'pass-of-the-soak', webhookSecret: 'hook-of-the-soak' };
export const encryptionKey = 'ab'.repeat(32);
export const entityNames = ['people', 'donations'] as const;
export type EntityName = (typeof entityNames)[number];

export function entityOf(name: EntityName): ConnectorEntity {
  const entity = planningCenter.entities.get(name);
  if (entity === undefined) throw new Error(`the connector has no entity ${name}`);
  return entity;
}

/** The part of a path after which a record's id stands, when it is asked for alone. */
export const pathOf: Readonly<Record<EntityName, string>> = {
  people: '/people/v2/people/',
  donations: '/giving/v2/donations/',
};

export interface SoakOptions {
  /** how long things are broken, in seconds; starting and settling come on top */
  readonly seconds: number;
  readonly seed: number;
  readonly people: number;
  readonly donations: number;
  /** APIs that the zoo draws, next to the simulated one */
  readonly generated: number;
  /** changes at the source per second, beside bursts */
  readonly changesPerSecond: number;
  /** seconds between two bursts of webhooks */
  readonly burstEvery: number;
  /** seconds between two runs of the schedules */
  readonly deltaEvery: number;
  readonly reconciliationEvery: number;
  /** seconds between two things that are broken, at most; half of it on average */
  readonly pause: number;
  /** longest that a connection is broken at once, in seconds */
  readonly longestFault: number;
  /** until everything has settled afterwards, in seconds */
  readonly patience: number;
  readonly temporalBinary: string;
  readonly onProgress: (sentence: string) => void;
}

/**
 * The project that the soak's workers and servers run in: the bundled connector with a short read lag, and without the
 * deletion guard, which would leave the soak's many deletions to an operator.
 */
export const configText = (generated: string) => `import { planningCenter } from 'tidemark/connectors/planning-center';
${generated}
const entities = new Map(
  [...planningCenter.entities].map(([name, entity]) => [
    name,
    { ...entity, readLag: '1s', deletionGuard: { ratio: 1, rows: 1e9, highRatio: 1, highRows: 1e9 } },
  ]),
);
export default { connectors: [{ ...planningCenter, rateLimit: { requests: 4000, per: '10s' }, entities }, ...generated] };
`;
