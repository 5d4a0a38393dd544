import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Route } from './control';
import { handleControl } from './controlServer';
import { type Api, serveApi } from './serveApi';

export interface Served<Control> {
  readonly api: Api;
  readonly control: Control;
  readonly routes: readonly Route<Control>[];
  /** undefined: a free one */
  readonly port: number | undefined;
}

export interface RunningServer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Resolves when no connection is open any more. */
  close(): Promise<void>;
}

/** Serves a simulated API, and its control API below `/control`, to this machine. Rejects where the port is taken. */
export async function startServer<Control>({ api, control, routes, port }: Served<Control>): Promise<RunningServer> {
  let origin = 'http://127.0.0.1';
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', origin);
    if (url.pathname === '/control' || url.pathname.startsWith('/control/')) {
      await handleControl(control, routes, request, response, url);
    } else await serveApi(api, request, response, url);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      // a fault of the simulator itself: said plainly, so that a test does not take it for the source's behaviour
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      if (!response.headersSent) response.writeHead(599, { 'Content-Type': 'text/plain' });
      response.end(`the simulator failed: ${message}\n`);
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port ?? 0, '127.0.0.1', resolve);
  });
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: origin,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
