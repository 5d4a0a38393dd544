import { otherLiveId } from '../../destination/rows/queries/liveIds';
import type { Answers, LiveAnswer, SetAsideAnswer } from '../../schema/answer';
import { TidemarkError } from '../../schema/errors';
import { type ReadRelated, relatedAtOnce } from '../../source/contract';
import type { ActivityDeps } from '../deps';
import { inParallel } from '../inParallel';
import type { OpenTarget } from '../openTarget';
import { isUnavailable } from './unavailable';

/** The related records of some records, and why they could not be read of others. */
export interface RelatedOf {
  readonly read: ReadonlyMap<string, ReadRelated>;
  readonly unread: ReadonlyMap<string, string>;
  /** requests sent, without those that failed */
  readonly requests: number;
}

const defaultWidth = 4;

/**
 * Reads the related records of these records, for several at once and several such requests at a time. A request whose response proves nothing
 * is split until the record that breaks it is alone. Throws what is wrong with the source as a whole.
 */
export async function readRelated(
  deps: Pick<ActivityDeps, 'db'>,
  open: OpenTarget,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<RelatedOf> {
  const read = new Map<string, ReadRelated>();
  const unread = new Map<string, string>();
  const size = relatedAtOnce(open.entity);
  const unique = [...new Set(ids)];
  const chunks = Array.from({ length: Math.ceil(unique.length / size) }, (_, at) =>
    unique.slice(at * size, (at + 1) * size),
  );
  let answersOthers: Promise<boolean> | undefined;
  let broken: TidemarkError | undefined;
  let requests = 0;
  const readChunk = async (chunk: readonly string[]): Promise<void> => {
    try {
      const found = await open.source.readRelated(open.entity, chunk, { signal });
      requests += found.requests;
      for (const [id, related] of found.related) read.set(id, related);
    } catch (error) {
      if (isUnavailable(error)) {
        answersOthers ??= read.size > 0 ? Promise.resolve(true) : answersForOthers(deps, open, ids, signal);
        if (!(await answersOthers)) throw error;
      } else if (!isAboutRecords(error)) throw error;
      const [only] = chunk;
      if (chunk.length === 1 && only !== undefined) {
        unread.set(only, error.message);
        broken = error;
        return;
      }
      const middle = Math.ceil(chunk.length / 2);
      await readChunk(chunk.slice(0, middle));
      await readChunk(chunk.slice(middle));
    }
  };
  await inParallel(chunks, open.connector.rateLimit?.concurrency ?? defaultWidth, async (chunk) => {
    await readChunk(chunk);
    // what breaks for every record is not about one of them
    if (read.size === 0 && chunk.length > 1 && broken !== undefined) throw broken;
  });
  return { read, unread, requests };
}

function isAboutRecords(error: unknown): error is TidemarkError {
  return error instanceof TidemarkError && error.type === 'ContractBroken';
}

/** Whether the source, which has just failed for some records, answers about another: then it is not the source that fails. */
async function answersForOthers(
  { db }: Pick<ActivityDeps, 'db'>,
  { entity, source, target }: OpenTarget,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<boolean> {
  const other = await otherLiveId(db, target.connectionId, entity, ids);
  if (other === undefined) return false;
  try {
    await source.readRelated(entity, [other], { signal });
    return true;
  } catch (error) {
    if (isUnavailable(error)) return false;
    throw error;
  }
}

/** Answers with their rows made, as far as the related records could be read. */
export interface Related {
  readonly answers: readonly Answers[];
  /** why the related records of some could not be read, by id */
  readonly unread: ReadonlyMap<string, string>;
  readonly requests: number;
}

/**
 * Reads the related records of the records that were shown, and makes their rows. The rows of those whose related records could not be read are left
 * to the writer, which makes them with what the rows hold. Does nothing for an entity without related records.
 */
export async function relate(
  deps: Pick<ActivityDeps, 'db'>,
  open: OpenTarget,
  answers: readonly Answers[],
  signal: AbortSignal,
): Promise<Related> {
  if (open.entity.related === undefined) return { answers, unread: new Map(), requests: 0 };
  const ids = answers.flatMap(({ live }) => live.map(({ id }) => id));
  const { read, unread, requests } = await readRelated(deps, open, ids, signal);
  return { answers: answers.map((request) => relatedAnswers(request, read)), unread, requests };
}

function relatedAnswers(request: Answers, read: RelatedOf['read']): Answers {
  const live: LiveAnswer[] = [];
  const setAside: SetAsideAnswer[] = [...request.setAside];
  for (const answer of request.live) {
    const found = read.get(answer.id);
    if (found === undefined || answer.mapWith === undefined) {
      live.push(answer);
      continue;
    }
    const made = { ...answer.mapWith(found.records), related: found.part };
    if ('row' in made) live.push(made);
    else setAside.push(made);
  }
  return { ...request, live, setAside };
}
