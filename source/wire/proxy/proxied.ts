import type http from 'node:http';
import type https from 'node:https';
import type { AxiosRequestConfig } from 'axios';
import type { HttpProxy } from '../../../schema/settings/proxies';
import { proxyAuthorization, TunnelAgent } from './tunnel';

type Route = Pick<AxiosRequestConfig, 'proxy' | 'httpAgent' | 'httpsAgent'>;

/** One agent per proxy, with the sockets that it keeps alive; the environment names at most two. */
const tunnels = new Map<string, https.Agent>();

/**
 * How a request gets through a proxy. For `https:` sources: a tunnel, in which the proxy sees nothing but the host's name. For `http:`
 * sources the proxy is asked with the whole address, as browsers and curl do; most proxies refuse tunnels to port 80.
 */
export function routeThrough(proxy: HttpProxy, url: URL, agentOptions: http.AgentOptions): Route {
  if (url.protocol === 'https:') {
    return { proxy: false, httpsAgent: tunnelOf(proxy, agentOptions) };
  }
  const { protocol, hostname, port, credentials } = proxy;
  return {
    proxy: {
      ...{ protocol, port },
      host: hostname,
      ...(credentials && { auth: credentials }),
    },
  };
}

function tunnelOf(proxy: HttpProxy, agentOptions: http.AgentOptions): https.Agent {
  const key = JSON.stringify([proxy.protocol, proxy.hostname, proxy.port, proxyAuthorization(proxy)]);
  let agent = tunnels.get(key);
  if (!agent) {
    agent = new TunnelAgent(proxy, agentOptions);
    tunnels.set(key, agent);
  }
  return agent;
}
