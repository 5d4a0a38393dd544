import http, { type ClientRequestArgs } from 'node:http';
import https from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HttpProxy } from '../../../schema/settings/proxies';
import { proxyFault, proxyRefusal } from './proxyProblem';

/** Longest time in milliseconds until the proxy has made the tunnel; below the longest silence of a request, so that the error names the proxy. */
const longestConnectMs = 25_000;

/**
 * Connections to `https:` sources through an HTTP proxy. What the proxy says to CONNECT never becomes a response of the source: any status
 * but 2xx is a TransportProblem, as is a proxy that cannot be reached. Inside the tunnel, certificates are checked as without a proxy.
 */
export class TunnelAgent extends https.Agent {
  private readonly proxy: HttpProxy;

  constructor(proxy: HttpProxy, options: http.AgentOptions) {
    super(options);
    this.proxy = proxy;
  }

  override createConnection(
    options: ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const done = callback as (error: Error | null, stream?: Duplex) => void;
    openTunnel(this.proxy, String(options.host), Number(options.port ?? 443)).then(
      (socket) => done(null, super.createConnection({ ...options, socket } as ClientRequestArgs) ?? undefined),
      done,
    );
  }
}

/** Asks the proxy for a connection to the host. Throws TransportProblem. */
function openTunnel(proxy: HttpProxy, host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
    const authorization = proxyAuthorization(proxy);
    const { request } = proxy.protocol === 'https:' ? https : http;
    const asked = request({
      method: 'CONNECT',
      host: proxy.hostname,
      port: proxy.port,
      path: target,
      agent: false,
      headers: { Host: target, ...(authorization === undefined ? {} : { 'Proxy-Authorization': authorization }) },
    });
    const giveUp = setTimeout(
      () => asked.destroy(Object.assign(new Error('no response to CONNECT'), { code: 'ETIMEDOUT' })),
      longestConnectMs,
    );
    asked.once('close', () => clearTimeout(giveUp));
    asked.once('error', (error) => reject(proxyFault(proxy, error, true)));
    asked.once('connect', (response, socket: Socket, head: Buffer) => {
      clearTimeout(giveUp);
      const status = response.statusCode ?? 0;
      if (status < 200 || status > 299) {
        socket.destroy();
        reject(proxyRefusal(proxy, status, true));
        return;
      }
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    asked.end();
  });
}

/** The value of `Proxy-Authorization`; undefined for a proxy without credentials. */
export function proxyAuthorization({ credentials }: HttpProxy): string | undefined {
  if (!credentials) return undefined;
  return `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`;
}
