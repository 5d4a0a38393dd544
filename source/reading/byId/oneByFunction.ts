import type { Asked } from '../../../schema/answer';
import type { One } from '../../../schema/definition/listings/listing';
import type { OneFunction, OneSays } from '../../../schema/definition/listings/ownRequests';
import type { ParentPartition } from '../../../schema/definition/partitions';
import type { TidemarkError } from '../../../schema/errors';
import { preview } from '../../../schema/text/preview';
import type { SentAs } from '../../contract';
import type { Addressed } from '../../wire/question';
import { ask, type JsonAnswer, type Question, shown } from '../../wire/send';
import type { Source } from '../../wire/source';
import { declaredError } from '../listAnswer';
import { ownRequests, thrownBy } from '../own/ownRequests';

/** What a source says of one record, before the record is recognised. */
export type SaidOfOne =
  | ({ readonly kind: 'gone'; readonly evidence: string } & Asked)
  | ({
      readonly kind: 'live';
      readonly record: object;
      readonly sentAs: SentAs | undefined;
      /** as errors and evidence name it */
      readonly request: string;
      readonly broken: (problem: string) => TidemarkError;
    } & Asked);

interface Call {
  readonly id: string;
  readonly parent: ParentPartition | null;
  /** as `one` declares it */
  readonly question: Question & Addressed;
}

/** A longer one is cut. */
const longestEvidence = 300;

/**
 * Lets a function of the definition find out about one record. Its times are those of all its requests together. Only `live` and `gone` say
 * something: whatever else it returns, or throws, proves nothing. Throws ContractBroken, or what a request has thrown.
 */
export async function oneByFunction(
  source: Source,
  one: One,
  read: OneFunction,
  { id, parent, question }: Call,
): Promise<SaidOfOne> {
  const { sender, connection } = source;
  const { about, signal, forbidden, place } = question;
  const answers: JsonAnswer[] = [];
  let last = question.url;
  const request = () => `${question.method} ${shown(sender, last)}`;
  const broken = (problem: string, todo = 'Its row stays as it is') =>
    sender.reporter.error('ContractBroken', about, `${request()}: ${problem}`, todo);
  const own = ownRequests({
    ...{ first: question, place, base: source.base, broken },
    ask: async (asked, statuses) => {
      last = asked.url;
      const answer = await ask(
        sender,
        { ...asked, about, signal, forbidden, statuses: new Set(statuses) },
        () => undefined,
      );
      answers.push(answer);
      if (statuses.includes(answer.status)) return answer;
      const error = declaredError(answer.body, one.error);
      if (error === undefined) return answer;
      throw broken(`answered ${answer.status} with an error: ${sender.reporter.excerpt(preview(error, 1_000))}`);
    },
  });
  const live = new WeakMap<OneSays, object>();
  const gone = new WeakMap<OneSays, string>();
  const says = <Value>(map: WeakMap<OneSays, Value>, kind: OneSays['kind'], value: Value): OneSays => {
    const said = { kind };
    map.set(said, value);
    return said;
  };
  const said = await read({
    ...{ id, parent, connection, signal, request: own.request },
    live: (record) => says(live, 'live', record),
    gone: (evidence) => says(gone, 'gone', evidence),
  }).catch((error: unknown) => {
    own.settle();
    throw thrownBy(error, signal, broken);
  });
  // what a request has thrown counts, whatever the function made of it
  own.settle();
  const times = own.asked();
  const known = typeof said === 'object' && said !== null;
  const ours = known && (live.has(said) || gone.has(said));
  if (!ours)
    throw broken(
      `its function returned ${said === undefined ? 'nothing' : 'something else than live(record) or gone(evidence)'}`,
    );
  if (times === undefined) throw broken('its function concluded something without a request');
  if (gone.has(said)) {
    const evidence = gone.get(said);
    if (typeof evidence !== 'string' || evidence.trim() === '')
      throw broken('its function says that the record is gone, and not what showed it');
    return {
      kind: 'gone',
      evidence: sender.reporter.redact(`${request()}: ${evidence.slice(0, longestEvidence)}`),
      ...times,
    };
  }
  const record = live.get(said);
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw broken('its function says that the record is live, and what it shows is no object');
  const sentAs = answers.reduce<SentAs | undefined>((found, answer) => found ?? answer.sentAs(record), undefined);
  return { kind: 'live', record, sentAs, request: request(), broken, ...times };
}
