import { dueForReadingAgain, noteReadAgain } from '../../destination/rows/related/oweAll';
import { tableExists } from '../../destination/rows/tables';
import { parseDuration } from '../../schema/duration';
import type { ActivityDeps } from '../deps';

/**
 * Owes the related records of every live row where the interval that the definition names has passed: of what was changed or removed
 * without the record itself being changed, nothing else hears.
 */
export async function readRelatedAgain({ db, connectors }: Pick<ActivityDeps, 'db' | 'connectors'>): Promise<void> {
  for (const connector of connectors.values()) {
    for (const entity of connector.entities.values()) {
      const intervals = Object.values(entity.related ?? {}).flatMap(({ readAgain }) => readAgain ?? []);
      if (intervals.length === 0 || !(await tableExists(db, entity))) continue;
      const everyMs = Math.min(...intervals.map(parseDuration));
      for (const connectionId of await dueForReadingAgain(db, connector.name, entity, everyMs))
        await db.transaction((trx) => noteReadAgain(trx, connectionId, entity));
    }
  }
}
