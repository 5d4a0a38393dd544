import type { ResultOf } from '../../../operations/definition/operation';
import type { status } from '../../../operations/status';
import { plural, since } from '../../terminal/phrases';
import { coverageText } from './coverageText';

type EntityStatus = ResultOf<typeof status>['connections'][number]['entities'][number];

/** When and how well an entity was proved equal, as the table of `status` shows it. */
export function proofText({ proved, owed }: EntityStatus): string | undefined {
  if (proved === null) return undefined;
  const { uncertainEnd = 0, related = 0, contents = 0, ...records } = proved.unjudged;
  const unjudged = Object.values(records).reduce((sum, count) => sum + count, 0);
  const but = [
    ...(unjudged > 0 ? [String(unjudged)] : []),
    ...(uncertainEnd > 0 ? ['an end of the list that nothing showed'] : []),
    ...(related > 0 ? ['related records, which were not compared'] : []),
    ...(contents > 0 ? [`the contents of ${plural(contents, 'row')}, which were not compared`] : []),
    ...(Object.keys(owed).length > 0 ? [plural(Object.keys(owed).length, 'new column')] : []),
  ];
  const qualified = but.length === 0 ? '' : `, but for ${but.join(' and ')}`;
  const covered = coverageText(proved.coverage);
  return `${since(proved.at)}, ${plural(proved.differences, 'difference')}${qualified}${covered === '' ? '' : `; ${covered}`}`;
}

/** What the proof of an entity could not judge, and what the entity owes, each with the command to go on with. */
export function proofAttention({ connectionId, entity, proved, owed, keepsRaw }: EntityStatus): string[] {
  const name = `${connectionId}/${entity}`;
  const {
    setAside = 0,
    otherId = 0,
    unlisted = 0,
    uncertainEnd = 0,
    owed: toRead = 0,
    leftOut = 0,
    excluded = 0,
    edited = 0,
    contents = 0,
  } = proved?.unjudged ?? {};
  const columns = Object.keys(owed);
  const fill = keepsRaw ? `tidemark remap ${name.replace('/', ' ')}` : `tidemark sync ${name.replace('/', ' ')} --full`;
  return [
    ...(setAside > 0
      ? [
          `${name}: proved equal but for ${plural(setAside, 'record')} set aside: tidemark set-aside list ${connectionId} ${entity}`,
        ]
      : []),
    ...(otherId > 0
      ? [
          `${name}: proved equal but for ${plural(otherId, 'record')} whose id the source answers with another record: tidemark set-aside list ${connectionId} ${entity} --because other-id`,
        ]
      : []),
    ...(unlisted > 0
      ? [
          `${name}: proved equal but for ${plural(unlisted, 'row')} that the source did not list and nothing confirmed: tidemark verify ${connectionId} ${entity} --all`,
        ]
      : []),
    ...(toRead > 0
      ? [
          `${name}: proved equal but for ${plural(toRead, 'record')} whose related records are to be read again; the engine reads them`,
        ]
      : []),
    ...(leftOut > 0
      ? [
          `${name}: proved equal but for ${plural(leftOut, 'row')} that are left out, and wait in a plan: tidemark plans`,
        ]
      : []),
    ...(excluded > 0
      ? [
          `${name}: proved equal but for ${plural(excluded, 'row')} that rows of another table exclude, and which wait in a plan: tidemark plans`,
        ]
      : []),
    ...(edited > 0
      ? [
          `${name}: ${plural(edited, 'row')} whose record is left out stay, since a user has edited them: tidemark verify ${connectionId} ${entity} --all`,
        ]
      : []),
    ...(uncertainEnd > 0
      ? [
          `${name}: proved equal but for what its list may not have shown, since nothing showed that it had ended: tidemark probe ${connectionId} ${entity}`,
        ]
      : []),
    ...(contents > 0
      ? [
          `${name}: the list of ids shows which rows are there, not whether they are up to date; to compare all: tidemark verify ${connectionId} ${entity} --all`,
        ]
      : []),
    ...(columns.length > 0
      ? [
          `${name}: ${plural(columns.length, 'column')} added (${columns.join(', ')}), empty in rows read before: ${fill}`,
        ]
      : []),
  ];
}
