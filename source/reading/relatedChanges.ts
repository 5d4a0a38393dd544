import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Paging } from '../../schema/definition/listings/listing';
import type { RelatedChanges } from '../../schema/definition/listings/relatedChanges';
import type { Related } from '../../schema/definition/related';
import type { RelatedChangesOptions, RelatedChangesPage } from '../contract';
import { type ListReader, schemeOf } from '../paging';
import { type FieldReader, fieldReader, usableKey } from '../record/fields';
import type { Source } from '../wire/source';
import { olderByField } from './filter/filter';
import { listReader } from './listReader';
import { askedSince, type Filter } from './listRequest';
import { tokenIn } from './token';

/** See SourceClient.relatedChanges. */
export async function* relatedChanges(
  source: Source,
  entity: ConnectorEntity,
  name: string,
  { since, token, resumePoint, signal }: RelatedChangesOptions,
): AsyncGenerator<RelatedChangesPage, void, undefined> {
  const about = { entity: entity.name, what: `changes of related '${name}'` };
  const usage = (problem: string, todo: string) => source.sender.reporter.error('Usage', about, problem, todo);
  const kind = entity.related?.[name];
  if (kind?.changes === undefined)
    throw usage('the entity has no such listing', `Add \`related.${name}.changes\` to its definition`);
  const listing = { ...kind.changes, tabular: undefined };
  const cursor = askedSince(listing, { ...(since && { since }), ...(token !== undefined && { token }) }, usage);
  const resume = resumePoint ?? null;
  const count = { requests: 0 };
  const older = (records: readonly unknown[], instant: number) => olderIn(kind.changes, records, instant);
  const reader = listReader(
    source,
    {
      ...cursor,
      ...{ listing, about, signal, name: 'changes', partition: '', pageSize: undefined, resumed: resume !== null },
      // these records have ids of their own, which the entity's `key` does not read
      identity: (record) => JSON.stringify(record) ?? '',
      changedSince: (records, instant) => {
        const { older: before, readable } = older(records, instant);
        return readable - before;
      },
    },
    count,
  );
  for await (const { answer, records, next, end } of schemeOf(reader.paging).read(reader, resume)) {
    if (cursor.filter) refuseUnfiltered(reader, cursor.filter, records, older(records, cursor.filter.instant));
    const parents = parentsIn(reader, kind, records);
    const { sent, received, bytes, sourceSent } = answer;
    const given = kind.changes.feed === undefined ? null : tokenIn(answer, kind.changes.feed.token, reader.broken);
    const { requests } = count;
    count.requests = 0;
    yield {
      ...{ sent, received, bytes, sourceSent, requests, end, parents },
      ...{ records: records.length, resumePoint: next, token: given },
    };
  }
}

function olderIn(changes: RelatedChanges | undefined, records: readonly unknown[], instant: number) {
  const since = changes?.since;
  return since?.field === undefined
    ? { older: 0, readable: 0 }
    : olderByField(records, instant, since.field, since.timeZone);
}

/** Invariant 11. A field that no record has tells as little as a filter that is ignored. */
function refuseUnfiltered(
  reader: Pick<ListReader<Paging>, 'broken'>,
  filter: Filter,
  records: readonly unknown[],
  { older, readable }: { readonly older: number; readonly readable: number },
): void {
  if (records.length === 0) return;
  if (readable === 0) {
    throw reader.broken(
      `none of ${records.length} records has an instant at '${filter.field}', so that nothing shows whether the filter works`,
      'Check `since.field` of the listing',
    );
  }
  if (older * 2 <= readable) return;
  throw reader.broken(
    `the filter is ignored: ${older} of ${readable} records are older than ${filter.shown}`,
    'Check `since` of the listing: its parameter, its form, its field, and whether this endpoint filters at all',
  );
}

/** One without a parent is about no record of ours, such as a contact of a supplier. */
function parentsIn(
  reader: Pick<ListReader<Paging>, 'broken'>,
  { parent, changes }: Related,
  records: readonly unknown[],
): string[] {
  const read = fieldReader((changes?.parent ?? parent) as string | FieldReader);
  const parents = new Set<string>();
  let without = 0;
  for (const record of records) {
    try {
      parents.add(usableKey(read(record), 'parent'));
    } catch {
      without += 1;
    }
  }
  if (without > records.length / 2) {
    throw reader.broken(
      `${without} of ${records.length} records do not name the record that they belong to`,
      'Check `parent`: it must lead to the id of that record',
    );
  }
  return [...parents];
}
