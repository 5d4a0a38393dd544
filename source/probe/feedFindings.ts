import type { ProbeFinding } from '../../schema/definition/checks';
import type { ConnectorEntity } from '../../schema/definition/connector';
import type { Feed } from '../../schema/definition/listings/feed';
import { type ChangesListing, feedParam } from '../../schema/definition/listings/listing';
import { messageOf } from '../../schema/errors';
import { schemeOf } from '../paging';
import { isExpired, tokenIn } from '../reading/token';
import type { Asker, Probed } from './asker';
import { feedEndFindings } from './feedEnd';
import { pageOf, type SampledPage } from './sample';

const about = 'feed';
/** A token that no source has given. */
const invented = 'tidemark-probe';
/** Of fewer records nothing is concluded. */
const enough = 3;

/** Whether a feed gives tokens where the definition looks for them, goes on from them, and says when it does not know one. */
export async function feedFindings(entity: ConnectorEntity, asker: Asker, all: SampledPage): Promise<ProbeFinding[]> {
  const { changes } = entity.listings;
  if (changes?.feed === undefined || schemeOf(changes.paging).asksItself) return [];
  const { feed } = changes;
  const findings: ProbeFinding[] = [];
  const given = await firstToken(feed, asker, all);
  if (given.finding !== undefined) findings.push(given.finding);
  if (given.token !== undefined && asker.left > 3)
    findings.push(...(await goesOn(entity, asker, all, { changes, feed, token: given.token })));
  if (asker.left > 1) findings.push(await unknownToken(entity, asker, changes, feed));
  return findings;
}

interface FirstToken {
  readonly token?: string;
  readonly finding?: ProbeFinding;
}

async function firstToken(feed: Feed, asker: Asker, all: SampledPage): Promise<FirstToken> {
  const own = feed.first === 'all';
  const answer = feed.first === 'all' ? all.answer : await asker.request(feed.first);
  const { request, status, excerpt } = answer;
  const at = feed.first === 'all' ? feed.token : feed.first.token;
  const line = own ? 'feed: { token: … }' : 'feed: { …, first: { …, token: … } }';
  const contradicts = (finding: string): FirstToken => ({
    finding: { about, verdict: 'contradicts', finding, request, line },
  });
  if (status !== 200) {
    const refused = contradicts(`the request for the first token answers ${status}: "${excerpt}"`);
    return status < 500 || refused.finding === undefined
      ? refused
      : { finding: { ...refused.finding, verdict: 'unknown' } };
  }
  const token = tokenOf(answer, at);
  if (token instanceof Error) return contradicts(`of the first token: ${token.message}`);
  if (token !== null) {
    const finding = own ? "a page of 'all' contains a token" : 'the request for the first token answers with one';
    return { token, finding: { about, verdict: 'agrees', finding, request, line: null } };
  }
  if (own && all.more) {
    const finding = "the first page of 'all' contains no token, and its last page was not seen";
    return { finding: { about, verdict: 'unknown', finding, request, line: null } };
  }
  return contradicts('there is no token where the definition looks for the first one');
}

/** Asks for what has changed since a token that the source has just given: next to nothing. */
async function goesOn(
  entity: ConnectorEntity,
  asker: Asker,
  all: SampledPage,
  { changes, feed, token }: { readonly changes: ChangesListing; readonly feed: Feed; readonly token: string },
): Promise<ProbeFinding[]> {
  const answer = await from(asker, changes, feed, token);
  const { request } = answer;
  const page = pageOf(entity, changes, answer, schemeOf(changes.paging).sized(changes.paging)?.size);
  const contradicts = (finding: string, line: string): ProbeFinding[] => [
    { about, verdict: 'contradicts', finding, request, line },
  ];
  if (isExpired(feed, answer))
    return contradicts('a token that was given just now counts as one that the source has forgotten', 'expired: { … }');
  if (typeof page === 'string') return contradicts(`'changes' cannot be read with a token: ${page}`, 'feed: { … }');
  const shown = new Set(page.records.map(({ id }) => id));
  const again = all.records.filter(({ id }) => id !== undefined && shown.has(id)).length;
  // where `all` is the feed itself, its next page may follow from the token
  const whole = feed.first !== 'all' || !all.more;
  if (whole && again >= enough && again === all.records.length)
    return contradicts(
      `since a token that was given just now, 'changes' lists the ${again} records of the first page of 'all' again: the token is ignored`,
      'feed: { …, param: … }',
    );
  const asked = { token, feed, param: feedParam(changes) };
  const end = await feedEndFindings(entity, changes, page, (query) => asker.list(changes, query, undefined, { asked }));
  const next = tokenOf(answer, feed.token);
  if (next instanceof Error) return contradicts(`of the next token: ${next.message}`, 'feed: { token: … }');
  if (next === null && !page.more)
    return contradicts("the last page of 'changes' contains no token to go on from", 'feed: { token: … }');
  const finding = `since a token that was given just now, 'changes' lists ${page.came} records, ${next === null ? 'and its last page was not seen' : 'and a token to go on from'}`;
  return [{ about, verdict: next === null ? 'unknown' : 'agrees', finding, request, line: null }, ...end];
}

/** What a token that was never given is answered with. Sources may tell it from one that they have forgotten. */
async function unknownToken(
  entity: ConnectorEntity,
  asker: Asker,
  changes: ChangesListing,
  feed: Feed,
): Promise<ProbeFinding> {
  const answer = await from(asker, changes, feed, invented);
  const { request, status, excerpt } = answer;
  if (isExpired(feed, answer)) {
    const finding = `a token that was never given answers ${status}, as one that is forgotten`;
    return { about, verdict: 'agrees', finding, request, line: null };
  }
  const page = pageOf(entity, changes, answer);
  if (typeof page === 'string') {
    const finding = `a token that was never given answers ${status}: "${excerpt}"; where a forgotten one does so too, name it`;
    const statuses = [...new Set([...feed.expired.statuses, status])].join(', ');
    return { about, verdict: 'unknown', finding, request, line: `expired: { statuses: [${statuses}] }` };
  }
  const finding = `a token that was never given is accepted silently, and ${page.came} records are returned`;
  return { about, verdict: 'unknown', finding, request, line: null };
}

function from(asker: Asker, changes: ChangesListing, feed: Feed, token: string): Promise<Probed> {
  return asker.list(changes, {}, undefined, { asked: { token, feed, param: feedParam(changes) } });
}

/** The token in an answer; null where there is none; the error where it is none that can be used. */
function tokenOf(answer: Probed, at: Feed['token']): string | null | Error {
  try {
    return tokenIn(answer, at, (problem) => new RangeError(problem));
  } catch (error) {
    return new RangeError(messageOf(error));
  }
}
