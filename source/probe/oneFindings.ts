import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { One } from '../../schema/definition/listings/listing';
import { valueAt } from '../../schema/json/json';
import { whyUnfit } from '../reading/byId/getById';
import { declaredError } from '../reading/listAnswer';
import { fieldsOf, keyOf } from '../record/fields';
import { readRecord } from '../record/readRecord';
import type { Source } from '../wire/source';
import type { Asker, Probed } from './asker';
import { withheldTooLong } from './heldBack';
import { errorKey, type SampledPage, spread, unlikely } from './sample';

const comparedAtMost = 3;
const deletedAtMost = 3;

/** Whether list and `one` agree, and what missing and deleted records look like. `deleted`: ids that the table knows as deleted. */
export async function oneFindings(
  source: Source,
  entity: ConnectorEntity,
  asker: Asker,
  { page, deleted }: { readonly page: SampledPage; readonly deleted: readonly string[] },
): Promise<ProbeFinding[]> {
  const { one } = entity.listings;
  const listed = page.records.filter(({ id, tombstone }) => id !== undefined && !tombstone);
  const [tombstone] = page.records.filter((record) => record.tombstone);
  const dead: ProbeFinding[] = tombstone
    ? [
        {
          about: 'deleted',
          verdict: 'agrees',
          finding: `the list shows tombstones, such as ${JSON.stringify(tombstone.id)}`,
          request: page.answer.request,
          line: 'gone: { record: … }',
        },
      ]
    : [];
  if (!one) {
    return [
      ...dead,
      {
        about: 'one',
        verdict: 'unknown',
        finding: `the entity has no listing 'one': deletes need a second scan`,
        request: null,
        line: `listings.one: { path: '…/{id}' }`,
      },
    ];
  }
  const fits = (id: string) => whyUnfit(one, id) === undefined;
  const askable = listed.filter(({ id }) => fits(id ?? ''));
  const findings = unfitFindings(one, listed);
  for (const record of spread(askable, comparedAtMost))
    findings.push(await compare(source, entity, asker, { one, record, list: page.answer }));
  const [first] = askable;
  if (first?.id !== undefined) findings.push(await missing(entity, asker, one, first.id));
  for (const id of deleted.filter(fits).slice(0, deletedAtMost))
    if (asker.left > 0) findings.push(await gone(entity, asker, one, id));
  if (deleted.length === 0 && dead.length === 0) {
    findings.push({
      about: 'deleted',
      verdict: 'unknown',
      finding: 'the table has no deleted record to fetch by id',
      request: null,
      line: null,
    });
  }
  return [...dead, ...findings];
}

/** Ids that the request for one record cannot hold: such records are listed, but never asked for. */
function unfitFindings(one: One, listed: SampledPage['records']): ProbeFinding[] {
  const [unfit] = listed.flatMap(({ id }) => (id === undefined ? [] : (whyUnfit(one, id) ?? [])));
  if (unfit === undefined) return [];
  const finding = `not every record can be asked for alone: ${unfit}`;
  return [{ about: 'one', verdict: 'unknown', finding, request: null, line: `one: { path: '…?id={id}' }` }];
}

/** Fields of the mapped row decide, since those are what the table holds; raw records may differ, as many do. */
async function compare(
  source: Source,
  entity: ConnectorEntity,
  asker: Asker,
  {
    one,
    record: { raw, id = '' },
    list,
  }: { readonly one: One; readonly record: SampledPage['records'][number]; readonly list: Probed },
): Promise<ProbeFinding> {
  const about = 'one';
  const answer = await asker.one(one, id);
  const { request } = answer;
  const contradicts = (finding: string, line: string | null): ProbeFinding => ({
    about,
    verdict: 'contradicts',
    finding,
    request,
    line,
  });
  if (answer.status !== 200)
    return contradicts(
      `the record is listed, but alone it answers ${answer.status}: "${answer.excerpt}"`,
      `one: { path: '${one.path}' }`,
    );
  const record = valueAt(answer.body, one.record);
  const context = { connection: source.connection };
  const [alone, listed] = [readRecord(entity, record, context), readRecord(entity, raw, context)];
  if (alone.kind !== 'live') {
    const why =
      alone.kind === 'set-aside' ? alone.detail : alone.kind === 'foreign' ? 'where passes it over' : 'a tombstone';
    return contradicts(`alone it cannot be read: ${why}`, `one: { path: '${one.path}', record: … }`);
  }
  if (alone.id !== id) return contradicts(`it answers with another record, ${JSON.stringify(alone.id)}`, null);
  if (listed.kind !== 'live')
    return { about, verdict: 'unknown', finding: 'the listed record is set aside', request, line: null };
  const columns = Object.keys(alone.row).filter(
    (name) => JSON.stringify(alone.row[name]) !== JSON.stringify(listed.row[name]),
  );
  if (alone.version !== listed.version) {
    const at = alone.version ?? '';
    const withheld =
      columns.length > 0 && at > (listed.version ?? '')
        ? withheldTooLong(entity, { name: 'all', answer: list }, { id, at, shownBy: "'one'" })
        : undefined;
    if (withheld !== undefined) return withheld;
    return {
      about,
      verdict: columns.length > 0 ? 'unknown' : 'contradicts',
      finding: `list and one return different versions (${listed.version} and ${alone.version}); it may have changed in between`,
      request,
      line: null,
    };
  }
  if (columns.length > 0) {
    return contradicts(
      `list and one disagree in ${columns.join(', ')}, at the same version: rows would flap`,
      `map: …   // take ${columns.join(', ')} only where both show it`,
    );
  }
  return { about, verdict: 'agrees', finding: `list and one agree on ${JSON.stringify(id)}`, request, line: null };
}

async function missing(entity: ConnectorEntity, asker: Asker, one: One, known: string): Promise<ProbeFinding> {
  return absent(entity, asker, one, unlikely(known), 'missing', 'a record that never existed');
}

async function gone(entity: ConnectorEntity, asker: Asker, one: One, id: string): Promise<ProbeFinding> {
  return absent(entity, asker, one, id, 'deleted', `the deleted record ${JSON.stringify(id)}`);
}

async function absent(
  entity: ConnectorEntity,
  asker: Asker,
  one: One,
  id: string,
  about: 'missing' | 'deleted',
  what: string,
): Promise<ProbeFinding> {
  const answer = await asker.one(one, id);
  const { status, request, body } = answer;
  const statuses = [...entity.gone.statuses];
  if (statuses.includes(status))
    return {
      about,
      verdict: 'agrees',
      finding: `${what} answers ${status}`,
      request,
      line: `gone: { statuses: [${statuses.join(', ')}] }`,
    };
  if (status === 403) {
    return {
      about,
      verdict: about === 'deleted' ? 'contradicts' : 'unknown',
      finding: `${what} answers 403: "${answer.excerpt}"; permissions do so too, so it is no evidence unless the API says so`,
      request,
      line: `gone: { statuses: [${[...statuses, 403].join(', ')}] }`,
    };
  }
  if (status === 200 && declaredError(body, one.error) !== undefined) {
    return {
      about,
      verdict: 'contradicts',
      finding: `${what} answers 200 with an error, which is no evidence that it is gone: "${answer.excerpt}"`,
      request,
      line: 'gone: { record: … }',
    };
  }
  if (status === 200) {
    const record = valueAt(body, one.record);
    const isObject = typeof record === 'object' && record !== null;
    const tombstone = isObject && entity.gone.record?.(record as never) === true;
    if (tombstone)
      return { about, verdict: 'agrees', finding: `${what} answers a tombstone`, request, line: 'gone: { record: … }' };
    const other = about === 'deleted' && isObject ? otherId(entity, record, id) : undefined;
    if (other !== undefined) {
      const finding = `${what} answers with another record, ${JSON.stringify(other)}`;
      const line = `one: { …, otherId: '${one.otherId}' }`;
      return { about, verdict: one.otherId === 'error' ? 'unknown' : 'agrees', finding, request, line };
    }
    const named = one.record === '' ? errorKey(body) : undefined;
    const line = `gone: { record: ${named === undefined ? '…' : `(r) => r.${named} !== undefined`} }   // where it says that the record is gone`;
    return { about, verdict: 'contradicts', finding: `${what} answers 200: "${answer.excerpt}"`, request, line };
  }
  return {
    about,
    verdict: 'contradicts',
    finding: `${what} answers ${status}: "${answer.excerpt}"`,
    request,
    line: `gone: { statuses: [${[...statuses, status].join(', ')}] }`,
  };
}

/** The id of a record that is not the one that was asked for; undefined where it is, or has none that can be read. */
function otherId(entity: ConnectorEntity, record: object, id: string): string | undefined {
  try {
    const found = keyOf(fieldsOf(entity), record);
    return found === id ? undefined : found;
  } catch {
    return undefined;
  }
}
