import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

/** Guards a server on this machine that asks no client who it is. */
export interface UiGate {
  close(): Promise<void>;
}

export interface UiGateOptions {
  /** of 127.0.0.1 */
  readonly port: number;
  readonly to: { readonly host: string; readonly port: number };
}

/**
 * Passes on only what a browser on this machine asks of this machine. The Temporal UI answers any Host, so a web page whose name is made
 * to resolve to 127.0.0.1 (DNS rebinding) could read every workflow and start some: the browser takes the page and the UI for one site.
 * A page of another site that sends a request here has an Origin that is not ours.
 */
export async function startUiGate({ port, to }: UiGateOptions): Promise<UiGate> {
  const server = createServer((asked, reply) => {
    if (!isThisMachine(`http://${asked.headers.host ?? ''}`) || !hasOwnOrigin(asked)) {
      reply.writeHead(403, { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' });
      reply.end('The Temporal UI answers requests from this machine only: open it at 127.0.0.1 or localhost.\n');
      return;
    }
    passOn(asked, reply, to);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host: '127.0.0.1' }, resolve);
  });
  server.unref();
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function hasOwnOrigin({ headers: { origin } }: IncomingMessage): boolean {
  return origin === undefined || isThisMachine(origin);
}

function isThisMachine(url: string): boolean {
  return URL.canParse(url) && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname);
}

function passOn(asked: IncomingMessage, reply: ServerResponse, to: UiGateOptions['to']): void {
  const { method, url: path, headers } = asked;
  const onward = request({ ...to, ...(method === undefined ? {} : { method }), path, headers }, (answer) => {
    reply.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(reply);
  });
  onward.on('error', () => {
    if (reply.headersSent) return void reply.destroy();
    reply.writeHead(502, { 'content-type': 'text/plain; charset=utf-8' });
    reply.end('The Temporal UI is starting or has ended: try again.\n');
  });
  reply.on('close', () => onward.destroy());
  asked.pipe(onward);
}
