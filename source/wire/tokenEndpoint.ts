import type { Connector } from '../../schema/definition/connector';
import type { MapContext } from '../../schema/definition/mapContext';
import { baseUrlProblem } from '../../schema/sourceAddress';
import { NoTokenResponse, type TokenEndpoint } from '../auth';
import { fill, NoAddress } from './address';
import { exchange, type Reply } from './http';
import { quotaWait } from './pace/quota';
import type { Sender } from './send';
import { TransportProblem } from './transportProblem';

const about = { entity: 'all entities', what: 'the request for a token' };
/** A response with tokens is small. */
const largestBody = 1024 * 1024;
/** A token endpoint that says wait without saying how long is left alone for this long. */
const waitMs = 60_000;

export interface TokenEndpointOptions {
  readonly connector: Connector;
  readonly connection: MapContext['connection'];
  readonly sender: Omit<Sender, 'authorizer'>;
}

/** The token endpoint of a connection: the same bounds, request budget and redaction as any request. */
export function createTokenEndpoint({ connection, sender }: TokenEndpointOptions): TokenEndpoint {
  const { reporter, budget } = sender;
  const { settings } = connection;

  const endpoint: TokenEndpoint = {
    fill: (template) => usable(() => fill(template, settings)),
    address: (template) =>
      usable(() => {
        const [, first, rest = ''] = /^(\{\w+\})?(.*)$/s.exec(template) ?? [];
        const base = first === undefined ? '' : fill(first, settings).replace(/\/+$/, '');
        const text = `${base}${fill(rest, settings, encodeURIComponent)}`;
        const problem = baseUrlProblem(text);
        if (problem !== undefined) throw new NoAddress(`the address of the token endpoint ${problem}`);
        return new URL(text);
      }),
    leave: (signal) => budget.take(signal),
    hide: (values) => reporter.hide(values),
    redact: (text) => reporter.redact(text),
    excerpt: (body) => reporter.excerpt(body),
    error: (type, problem, todo, options) => reporter.error(type, about, problem, todo, options),
    async post(url, headers, form, timeoutMs) {
      const { 'content-type': _, ...others } = headers;
      const reply = await sent(
        url,
        { ...others, 'Content-Type': 'application/x-www-form-urlencoded' },
        form,
        timeoutMs,
      );
      sender.onAnswer(reply.status);
      const wait = quotaWait(reply, sender.quota) ?? (reply.status === 429 ? waitMs : undefined);
      if (wait !== undefined) await obey(url, reply, wait);
      return { status: reply.status, body: reply.body.toString('utf8') };
    },
  };
  return endpoint;

  async function sent(url: URL, headers: Record<string, string>, form: string, timeoutMs: number): Promise<Reply> {
    const limits = { ...sender.limits, bytes: largestBody, timeoutMs, idleMs: timeoutMs };
    try {
      return await exchange(url, headers, limits, sender.clock, new AbortController().signal, form);
    } catch (error) {
      if (!(error instanceof TransportProblem)) throw error;
      sender.onAnswer(null);
      const problem = `POST ${reporter.address(url)} failed: ${error.message}`;
      throw new NoTokenResponse(endpoint.error(error.type, problem, error.todo), !error.unsent);
    }
  }

  async function obey(url: URL, reply: Reply, milliseconds: number): Promise<never> {
    const because = reporter.redact(`POST ${reporter.address(url)} answered ${reply.status}`);
    await budget.block(milliseconds, because);
    const todo = `The engine retries in ${Math.ceil(milliseconds / 1000)} s`;
    const options = { retryAfterMs: milliseconds };
    throw new NoTokenResponse(endpoint.error('SourceAsksToWait', `answered ${reply.status}`, todo, options), false);
  }

  function usable<T>(make: () => T): T {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof NoAddress)) throw error;
      throw endpoint.error('Usage', error.message, 'Correct the settings with `tidemark connect`');
    }
  }
}
