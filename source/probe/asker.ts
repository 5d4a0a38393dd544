import type { z } from 'zod';
import type { firstToken } from '../../schema/definition/listings/feed';
import type { Listing, One } from '../../schema/definition/listings/listing';
import { partitionFilling } from '../../schema/definition/partitions';
import { TooManyDigits } from '../../schema/json/exactJson';
import type { ListOptions } from '../contract';
import { type Query, schemeOf } from '../paging';
import { type AskedFeed, type Filter, listRequest, withParams } from '../reading/listRequest';
import { shapeOf } from '../reading/shape';
import { type Several, sameOrigin } from '../wire/address';
import { OutOfBounds } from '../wire/body/bounds';
import { NotJson, parseBody } from '../wire/body/parse';
import type { RecordPlace } from '../wire/body/spans';
import { exchange, type Reply } from '../wire/http';
import { inLane } from '../wire/pace/lanes';
import { quotaWait, waitSaidBy } from '../wire/pace/quota';
import { type Addressed, addressed } from '../wire/question';
import type { About } from '../wire/report';
import { longestChainOfRedirects, shown } from '../wire/send';
import type { Source } from '../wire/source';
import { TransportProblem } from '../wire/transportProblem';
import { beginning, isBlank, isRedirect } from '../wire/verdict';

type FirstToken = z.infer<typeof firstToken>;

/** A reply as it came, whatever its status; redirects to the same host are followed. */
export interface Probed {
  readonly status: number;
  readonly headers: Reply['headers'];
  /** whether the body is empty */
  readonly blank: boolean;
  /** undefined where the body is no JSON */
  readonly body: unknown;
  /** the beginning of an error, or the shape of what may be a record: findings end up in a history */
  readonly excerpt: string;
  /** `GET …`, without secrets */
  readonly request: string;
}

/** Sends the requests of a probe, each once and at most as many as it may. */
export interface Asker {
  readonly requests: number;
  readonly left: number;
  /** The first page of a listing, with further parameters, and with the filter of `changes`; `asked`: with a token; `ids`: what `{ids}` stands for. */
  list(
    listing: Listing,
    query?: Query,
    filter?: Filter,
    further?: { readonly asked?: AskedFeed; readonly ids?: Several },
  ): Promise<Probed>;
  /** The request for a feed's first token. */
  request(first: FirstToken): Promise<Probed>;
  /** The same of another partition. */
  of(partition: Pick<ListOptions, 'partition' | 'parent'>): Pick<Asker, 'list'>;
  one(one: One, id: string): Promise<Probed>;
}

export interface AskerOptions extends Pick<ListOptions, 'partition' | 'parent'> {
  readonly about: About;
  readonly mostRequests: number;
  readonly signal: AbortSignal;
}

/** Throws CredentialsRefused for a 401, SourceAsksToWait for a 429 and SourceUnavailable: with those, nothing can be found out. */
export function createAsker(source: Source, { about, partition, parent, mostRequests, signal }: AskerOptions): Asker {
  const { sender } = source;
  let requests = 0;
  let renewed = false;
  const send = async (asked: Addressed, place: RecordPlace, hops = 0): Promise<Probed> => {
    const { url, headers, method, body: toPost } = asked;
    const posted = method === 'POST' ? JSON.stringify(toPost ?? {}) : undefined;
    const request = `${method} ${shown(sender, url)}`;
    const fail = (type: 'CredentialsRefused' | 'SourceUnavailable' | 'Usage', problem: string, todo: string) =>
      sender.reporter.error(type, about, `${request} ${problem}`, todo);
    if (requests >= mostRequests)
      throw fail('Usage', `was not sent: the probe has sent ${requests}`, 'Try it again later');
    requests += 1;
    const outgoing = { url: new URL(url), headers: { ...headers } };
    await sender.budget.take(signal);
    const credential = await sender.authorizer.authorize(outgoing, signal);
    const reply = await inLane(sender.lane, sender.concurrency, signal, () =>
      exchange(outgoing.url, outgoing.headers, sender.limits, sender.clock, signal, posted),
    ).catch((error: unknown) => {
      if (!(error instanceof TransportProblem)) throw error;
      sender.onAnswer(null);
      throw fail('SourceUnavailable', `failed: ${error.message}`, error.todo);
    });
    sender.onAnswer(reply.status);
    const excerpt = sender.reporter.excerpt(beginning(reply));
    if (reply.status >= 200 && reply.status < 300) await sender.authorizer.accepted?.(credential);
    if (reply.status === 401 && sender.authorizer.renew && !renewed) {
      renewed = true;
      await sender.authorizer.renew(credential, signal);
      return send(asked, place, hops);
    }
    if (reply.status === 401 && renewed) await sender.authorizer.refusedAgain?.(credential);
    const target = isRedirect(reply.status) ? sameOrigin(outgoing.url, reply.headers.location ?? '') : undefined;
    if (target && reply.headers.location && hops < longestChainOfRedirects)
      return send({ ...asked, url: target }, place, hops + 1);
    if (reply.status === 401)
      throw fail(
        'CredentialsRefused',
        `answered 401 with "${excerpt}"`,
        'Give the connection working secrets: `tidemark connect <connector> <connection> --update`',
      );
    const wait = quotaWait(reply, sender.quota);
    if (reply.status === 429 || wait !== undefined) {
      const milliseconds = wait ?? 60_000;
      const said = sender.reporter.excerpt(waitSaidBy(reply, sender.quota));
      await sender.budget.block(milliseconds, `${request} answered ${reply.status} with ${said}`);
      throw sender.reporter.error(
        'SourceAsksToWait',
        about,
        `${request} answered ${reply.status} with ${said}: the quota is used up`,
        `Probe it again in ${Math.ceil(milliseconds / 1000)} s`,
        { retryAfterMs: milliseconds },
      );
    }
    const body = await parsed(reply.body, place);
    const shape = reply.status < 400 && body !== undefined ? shapeOf(body) : excerpt;
    return { status: reply.status, headers: reply.headers, blank: isBlank(reply.body), body, excerpt: shape, request };
  };
  const listOf =
    (where: Pick<ListOptions, 'partition' | 'parent'>): Asker['list'] =>
    (listing, query = {}, filter = undefined, further = {}) => {
      const first = listRequest(source, listing, { ...where, filter, ...further }, about);
      const request = withParams(listing, first, { ...schemeOf(listing.paging).firstPage(listing.paging), ...query });
      return send(request, { path: listing.records, list: true });
    };
  return {
    get requests() {
      return requests;
    },
    get left() {
      return mostRequests - requests;
    },
    list: listOf({ partition, parent }),
    of: (other) => ({ list: listOf(other) }),
    request(first) {
      const request = addressed(source, first, partitionFilling(partition, parent), about);
      return send(request, { path: '', list: false });
    },
    one(one, id) {
      return send(addressed(source, one, { ...partitionFilling(partition, parent), id }, about), {
        path: one.record,
        list: false,
      });
    },
  };
}

async function parsed(body: Buffer, place: RecordPlace): Promise<unknown> {
  try {
    return (await parseBody(body, place)).value;
  } catch (error) {
    if (error instanceof NotJson || error instanceof OutOfBounds || error instanceof TooManyDigits) return undefined;
    throw error;
  }
}
