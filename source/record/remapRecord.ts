import type { LiveAnswer, RelatedRecords, SetAsideAnswer } from '../../schema/answer';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { MapContext } from '../../schema/definition/mapContext';
import { parseExactly } from '../../schema/json/exactJson';
import { SourceText } from '../../schema/json/sourceText';
import { inZoneOf } from './inZoneOf';
import { readRecord } from './readRecord';

/**
 * Maps a record that was kept under `id` once more; `raw` is its JSON, and `related` that of its related records. Null where it says that the
 * record is gone or of another kind, which is not for a mapping to decide; a record whose key is another one now is set aside.
 */
export function remapRecord(
  entity: ConnectorEntity,
  id: string,
  raw: string,
  context: Pick<MapContext, 'connection'> & Partial<Pick<MapContext, 'partition'>>,
  related?: string,
): LiveAnswer | SetAsideAnswer | null {
  const text = new SourceText(raw);
  const kept = related === undefined ? {} : { related: parseExactly(related, 'keep') as RelatedRecords };
  const read = readRecord(
    inZoneOf(entity, context.connection.timeZone),
    parseExactly(raw, 'keep'),
    { ...context, ...kept },
    {
      text,
      problem: undefined,
    },
  );
  if (read.kind === 'gone' || read.kind === 'foreign') return null;
  if (read.kind === 'set-aside') return { ...read, id };
  // which of its day's lines a line is shows in its day only
  if (entity.replaced !== undefined) return { ...read, id };
  if (read.id === id) return read;
  const detail = `its key is now ${JSON.stringify(read.id)}: a new key needs \`tidemark sync --full\` and a reconciliation`;
  return { id, reason: 'conflict', detail, raw: text };
}
