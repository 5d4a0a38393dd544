import type { LiveAnswer, SetAsideAnswer } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { MapContext } from '../../schema/definition/entity';
import { readRecord } from './readRecord';

/**
 * Maps a record that was kept under `id` once more. Null where it says that the record is gone, which is not for a mapping
 * to decide; a record whose key is another one now is set aside.
 */
export function remapRecord(
  entity: ConnectorEntity,
  id: string,
  raw: unknown,
  context: MapContext,
): LiveAnswer | SetAsideAnswer | null {
  const read = readRecord(entity, raw, context);
  if (read.kind === 'gone') return null;
  if (read.kind === 'set-aside') return { ...read, id };
  if (read.id === id) return read;
  const detail = `its key is now ${JSON.stringify(read.id)}: a new key needs \`tidemark sync --full\` and a reconciliation`;
  return { id, reason: 'conflict', detail, raw };
}
