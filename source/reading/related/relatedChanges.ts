import type { ConnectorEntity } from '../../../schema/definition/connector';
import type { Paging } from '../../../schema/definition/listings/paging';
import type { RelatedChanges } from '../../../schema/definition/listings/relatedChanges';
import type { RelatedChangesOptions, RelatedChangesPage } from '../../contract';
import { type ListReader, schemeOf } from '../../paging';
import type { FieldReader } from '../../record/fields';
import type { Source } from '../../wire/source';
import { olderByField } from '../filter/filter';
import { askedSince, type Filter } from '../listRequest';
import { tokenIn } from '../token';
import { parentsOf, relatedListReader } from './relatedList';

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
  const changedSince = (records: readonly unknown[], instant: number) => {
    const { older: before, readable } = older(records, instant);
    return readable - before;
  };
  const list = {
    ...cursor,
    listing,
    what: about.what,
    name: 'changes',
    changedSince,
    resumed: resume !== null,
    signal,
  };
  const reader = relatedListReader(source, entity, list, count);
  for await (const { answer, records, next, end } of schemeOf(reader.paging).read(reader, resume)) {
    if (cursor.filter) refuseUnfiltered(reader, cursor.filter, records, older(records, cursor.filter.instant));
    const named = parentsOf(reader, (kind.changes.parent ?? kind.parent) as string | FieldReader, records);
    const parents = [...new Set(named)].filter((parent) => parent !== null);
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
