import type { ConnectorEntity } from '../../../schema/definition/connector';
import type { Paging } from '../../../schema/definition/listings/paging';
import type { Related } from '../../../schema/definition/related';
import { messageOf } from '../../../schema/errors';
import { storableText } from '../../../schema/text/storableText';
import type { ListOptions, RelatedId, RelatedIdsPage } from '../../contract';
import { type ListReader, schemeOf } from '../../paging';
import { type FieldReader, fieldReader, usableKey } from '../../record/fields';
import type { Source } from '../../wire/source';
import { parentsOf, relatedListReader } from './relatedList';

/** See SourceClient.relatedIds. */
export async function* relatedIds(
  source: Source,
  entity: ConnectorEntity,
  name: string,
  { resumePoint, signal }: Pick<ListOptions, 'resumePoint' | 'signal'>,
): AsyncGenerator<RelatedIdsPage, void, undefined> {
  const what = `ids of related '${name}'`;
  const kind = entity.related?.[name];
  if (kind?.ids === undefined) {
    throw source.sender.reporter.error(
      'Usage',
      { entity: entity.name, what },
      'the entity has no such listing',
      `Add \`related.${name}.ids\` to its definition`,
    );
  }
  const resume = resumePoint ?? null;
  const count = { requests: 0 };
  const list = { what, name: `related ids`, filter: undefined, resumed: resume !== null, signal };
  const reader = relatedListReader(source, entity, { ...list, listing: kind.ids }, count);
  for await (const { answer, records, next, end } of schemeOf(reader.paging).read(reader, resume)) {
    const { sent, received, bytes, sourceSent } = answer;
    const { requests } = count;
    count.requests = 0;
    yield {
      ...{ sent, received, bytes, sourceSent, requests, end, token: null },
      ...{ records: records.length, resumePoint: next, listed: listedIn(reader, kind, records) },
    };
  }
}

/** What a page lists, without what it shows as removed and what belongs to no record. */
function listedIn(reader: ListReader<Paging>, kind: Related, records: readonly unknown[]): RelatedId[] {
  const key = fieldReader(kind.key as string | FieldReader);
  const version = kind.version === undefined ? undefined : fieldReader(kind.version);
  const isGone = kind.gone as ((record: unknown) => unknown) | undefined;
  const parents = parentsOf(reader, (kind.ids?.parent ?? kind.parent) as string | FieldReader, records);
  return records.flatMap((record, at) => {
    const parent = parents[at];
    try {
      if (parent === undefined || parent === null || isGone?.(record) === true) return [];
      return { parent, key: usableKey(key(record), 'id'), version: versionText(version?.(record)) };
    } catch (error) {
      throw reader.broken(`one of the records cannot be compared: ${messageOf(error)}`, 'Check `key` and `version`');
    }
  });
}

/** As PostgreSQL writes the same value out of what a row holds; null where there is none. */
function versionText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return storableText(value);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw new RangeError(`its version is ${typeof value === 'number' ? value : `of type ${typeof value}`}`);
}
