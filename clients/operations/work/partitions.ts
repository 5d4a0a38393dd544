import type { ConnectorEntity } from '../../../schema/definition/connector';
import { isFrom } from '../../../schema/definition/partitions';
import { TidemarkError } from '../../../schema/errors';
import type { JsonObject } from '../../../schema/json/json';

/** Throws TidemarkError 'NotFound' for a partition that the entity does not have. */
export function assertPartition(
  { name, partitions }: ConnectorEntity,
  settings: Readonly<JsonObject>,
  partition: string | undefined,
): void {
  if (partition === undefined) return;
  // those that are records of another entity have cursors once they have been read
  if (isFrom(partitions)) return;
  const known = typeof partitions === 'function' ? partitions(settings) : partitions;
  if (known.includes(partition)) return;
  const named = known.filter((one) => one !== '').slice(0, 20);
  throw new TidemarkError(
    'NotFound',
    named.length === 0
      ? `Entity ${name} has no partitions`
      : `Entity ${name} has no partition ${partition}: it has ${named.join(', ')}${known.length > named.length ? ' and others' : ''}`,
  );
}
