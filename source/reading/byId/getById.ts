import type { ConnectorEntity } from '../../../schema/definition/connector';
import type { One } from '../../../schema/definition/listings/listing';
import { partitionFilling } from '../../../schema/definition/partitions';
import { placeholdersIn } from '../../../schema/definition/placeholders';
import { messageOf } from '../../../schema/errors';
import { valueAt } from '../../../schema/json/json';
import { preview } from '../../../schema/text/preview';
import { isWellFormed } from '../../../schema/text/storableText';
import type { AskOptions, OneRecord } from '../../contract';
import { fieldsOf, keyOf } from '../../record/fields';
import { fitsPath } from '../../wire/address';
import { addressed } from '../../wire/question';
import { short } from '../../wire/report';
import { ask, shown } from '../../wire/send';
import type { Source } from '../../wire/source';
import { declaredError } from '../listAnswer';
import { shapeOf } from '../shape';
import type { SaidOfOne } from './oneByFunction';
import { oneByFunction } from './oneByFunction';

const itStays = 'This does not prove that the record is gone, so its row stays as it is';

/** See SourceClient.getById. */
export async function getById(
  source: Source,
  entity: ConnectorEntity,
  id: string,
  { signal, parent = null }: AskOptions,
): Promise<OneRecord> {
  const { one } = entity.listings;
  const about = { entity: entity.name, what: `record '${short(id, 100)}'` };
  const { sender } = source;
  const { reporter } = sender;
  if (!one) {
    throw reporter.error(
      'Usage',
      about,
      'this entity has no listing `one`',
      'Add `listings.one` to fetch single records',
    );
  }
  const unfit = whyUnfit(one, id);
  if (unfit !== undefined) throw reporter.error('ContractBroken', about, `it cannot be asked for: ${unfit}`, itStays);
  const question = {
    ...addressed(
      source,
      one,
      { ...partitionFilling('', parent ?? undefined), ...(parent && { partition: parent.id }), id },
      about,
    ),
    place: { path: one.record, list: false },
    about,
    signal,
    statuses: new Set(entity.gone.statuses),
    forbidden: {
      type: 'ContractBroken',
      todo: `${itStays}. If the API says so of deleted records, put 403 into gone.statuses`,
    } as const,
  };
  if (one.read !== undefined)
    return recognised(source, entity, id, await oneByFunction(source, one, one.read, { id, parent, question }));
  const answer = await ask(sender, question, () => undefined);
  const { sent, received } = answer;
  const request = `${one.method} ${shown(sender, answer.url)}`;
  const broken = (problem: string) => reporter.error('ContractBroken', about, `${request} ${problem}`, itStays);
  if (question.statuses.has(answer.status)) {
    return { kind: 'gone', evidence: reporter.redact(`${request} answered ${answer.status}`), sent, received };
  }
  const declared = declaredError(answer.body, one.error);
  if (declared !== undefined) {
    throw broken(`answered ${answer.status} with an error: ${reporter.excerpt(preview(declared, 1_000))}`);
  }
  const record = valueAt(answer.body, one.record);
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw broken(`answered ${answer.status} without a record: ${shapeOf(answer.body)}`);
  }
  return recognised(source, entity, id, {
    kind: 'live',
    record,
    request,
    sent,
    received,
    sentAs: answer.sentAs(record),
    broken,
  });
}

/** Whether what came is the record that was asked for, by its id and its kind. */
function recognised(source: Source, entity: ConnectorEntity, id: string, said: SaidOfOne): OneRecord {
  if (said.kind === 'gone') return said;
  const { record, request, sent, received, sentAs, broken } = said;
  const { redact } = source.sender.reporter;
  const found = identify(entity, record);
  const gone = (what: string): OneRecord => ({
    kind: 'gone',
    evidence: redact(`${request} answered ${what}`),
    sent,
    received,
  });
  if (found.id !== undefined && found.id !== id) {
    const evidence = redact(
      `${request} answered with another record, '${short(found.id, 100)}'; the two may have been merged`,
    );
    if (entity.listings.one?.otherId === 'gone') return { kind: 'gone', evidence, sent, received };
    return { kind: 'other-id', otherId: found.id, evidence, sent, received };
  }
  if (found.foreign) return gone("with a record that does not satisfy the entity's where");
  if (found.tombstone) return gone('a tombstone');
  if (found.id === undefined) throw broken(`answered with a record that cannot be recognised: ${found.problem}`);
  return { kind: 'live', record, sentAs, sent, received };
}

/** Why an id cannot be put into the request for one record; undefined where it can. */
export function whyUnfit(one: Pick<One, 'path' | 'query' | 'headers' | 'body'>, id: string): string | undefined {
  if (id.trim() === '') return 'the id is empty, which would ask for the whole list';
  // what follows the question mark of a path is a query, which holds any text
  const [path = '', query = ''] = one.path.split('?', 2);
  const places = placeholdersIn({ ...one, path }).filter(([, name]) => name === 'id');
  if (query.includes('{id}') && !isWellFormed(id)) return `'${short(id, 100)}' is no text that a URL can hold`;
  if (places.some(([at]) => at === 'path') && !fitsPath(id)) {
    return `'${short(id, 100)}' would be a step through the path, or is no text that a URL can hold`;
  }
  if (places.some(([at]) => at.startsWith('headers')) && !/^[\x21-\x7e]+$/.test(id))
    return 'a header cannot hold the id';
  return undefined;
}

interface Identity {
  readonly id: string | undefined;
  /** it does not belong to the entity */
  readonly foreign: boolean;
  readonly tombstone: boolean;
  readonly problem: string;
}

/** Tombstones often hold little, so one without an id is still a tombstone. */
function identify(entity: ConnectorEntity, record: object): Identity {
  const fields = fieldsOf(entity);
  let id: string | undefined;
  let problem = '';
  try {
    id = keyOf(fields, record);
  } catch (error) {
    problem = messageOf(error);
  }
  try {
    if (fields.belongs?.(record) === false) return { id, foreign: true, tombstone: false, problem };
    return { id, foreign: false, tombstone: fields.isTombstone?.(record) ?? false, problem };
  } catch (error) {
    return { id: undefined, foreign: false, tombstone: false, problem: messageOf(error) };
  }
}
