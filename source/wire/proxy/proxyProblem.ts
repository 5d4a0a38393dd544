import type { HttpProxy } from '../../../schema/settings/proxies';
import { codeOf, TransportProblem } from '../transportProblem';

const unreachable = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN']);

/** For messages: where the proxy is, without its credentials. */
export function nameOf({ hostname, port }: HttpProxy): string {
  return `the proxy ${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
}

/**
 * The proxy answered a request for a connection, or one that it should have passed on, with a refusal of its own. `unsent`: nothing
 * reached the source; by default only what the proxy itself does not allow.
 */
export function proxyRefusal(proxy: HttpProxy, status: number, unsent = status < 500): TransportProblem {
  const said = `${nameOf(proxy)} refused it with status ${status}${meaning[status] ?? ''}`;
  return problem(said, { again: status >= 500, unsent, status });
}

const meaning: Readonly<Record<number, string>> = {
  403: ' (it does not allow this host)',
  407: ' (it wants other credentials)',
};

/** The connection to the proxy could not be made, or broke; `unsent`: before anything reached the source. */
export function proxyFault(proxy: HttpProxy, error: unknown, unsent = false): TransportProblem {
  const code = codeOf(error);
  if (unreachable.has(code))
    return problem(`${nameOf(proxy)} cannot be reached (${code})`, { again: true, unsent: true });
  return problem(`the connection to ${nameOf(proxy)} broke (${code})`, { again: true, unsent });
}

/** Never final for Temporal: nothing about the source is known, and a proxy is often repaired within minutes. */
function problem(
  message: string,
  { again, unsent, status }: { readonly again: boolean; readonly unsent: boolean; readonly status?: number },
): TransportProblem {
  const todo =
    status === 407
      ? 'Set the user and the password of the proxy in HTTPS_PROXY and HTTP_PROXY, and restart the worker'
      : 'Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY of the worker, and what the proxy allows';
  return new TransportProblem(message, { again, unsent, type: 'SourceUnavailable', todo });
}

/** Whether the headers of a response say that a proxy made it up. https://www.rfc-editor.org/rfc/rfc9209 */
export function isOfProxy(status: number, headers: Readonly<Record<string, string | undefined>>): boolean {
  if (status === 407 || headers['x-squid-error'] !== undefined) return true;
  return /;\s*error\s*=/.test(headers['proxy-status'] ?? '');
}
