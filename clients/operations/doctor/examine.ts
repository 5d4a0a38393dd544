import type { OperationContext } from '../definition/context';
import { ringOf } from '../work/ring';
import type { Checkup } from './checkup';
import { checkDatabase, checkTemporal } from './doctor';

export interface Examined {
  readonly ok: boolean;
  readonly checkups: readonly Checkup[];
}

/** Checks everything that can be checked over the network. Never throws for what it finds. */
export async function examine(context: OperationContext): Promise<Examined> {
  const { db, taskQueue } = context;
  const connectors = await context.connectors();
  const database = await checkDatabase(db, () => ringOf(context), connectors);
  const usable = database.every(({ name, ok }) => ok || !['PostgreSQL', 'schema'].includes(name));
  const temporal = { client: await context.client(), address: await context.temporalAddress() };
  const servers = await checkTemporal(temporal, usable ? db : undefined, connectors, taskQueue);
  const checkups = [...database, ...servers];
  return { ok: checkups.every(({ ok }) => ok), checkups };
}
