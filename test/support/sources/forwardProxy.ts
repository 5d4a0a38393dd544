import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { atEnd } from '../../environment';

/** A real HTTP proxy, which passes everything on to one server on this machine, whatever host it was asked for. */
export interface ForwardProxy {
  /** `host:port` */
  readonly address: string;
  /** what it was asked: `CONNECT source.test:443`, `GET http://source.test/people` */
  readonly asked: string[];
  /** the header Proxy-Authorization of each request */
  readonly credentials: (string | undefined)[];
  /** with what it answers instead of passing on; undefined: it passes on */
  refuses: { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string } | undefined;
  /** how many tunnels are open */
  readonly tunnels: () => number;
  close(): Promise<void>;
}

export async function forwardProxy(targetPort: number): Promise<ForwardProxy> {
  const sockets = new Set<Socket>();
  let tunnels = 0;
  const note = ({ method, url, headers }: IncomingMessage) => {
    proxy.asked.push(`${method} ${url}`);
    proxy.credentials.push(headers['proxy-authorization']);
  };
  const server = createServer((incoming: IncomingMessage, response: ServerResponse) => {
    note(incoming);
    if (proxy.refuses) {
      response.writeHead(proxy.refuses.status, proxy.refuses.headers).end(proxy.refuses.body ?? '');
      return;
    }
    const { pathname, search } = new URL(incoming.url ?? '');
    const { 'proxy-authorization': _, ...headers } = incoming.headers;
    const onward = request(
      { port: targetPort, host: '127.0.0.1', path: pathname + search, method: incoming.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.writeHead(502).end());
    incoming.pipe(onward);
  });
  server.on('connect', (incoming, client: Socket) => {
    note(incoming);
    if (proxy.refuses) {
      const { status, headers = {}, body = '' } = proxy.refuses;
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      client.end(`HTTP/1.1 ${status} Refused\r\n${lines.join('')}Content-Length: ${body.length}\r\n\r\n${body}`);
      return;
    }
    const target = connect(targetPort, '127.0.0.1', () => client.write('HTTP/1.1 200 Connection established\r\n\r\n'));
    tunnels += 1;
    client.on('close', () => {
      tunnels -= 1;
      target.destroy();
    });
    target.on('close', () => client.destroy());
    // what breaks is reported by 'close'
    for (const socket of [client, target]) socket.on('error', () => undefined);
    client.pipe(target);
    target.pipe(client);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  atEnd(close);
  const proxy: ForwardProxy = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    credentials: [],
    refuses: undefined,
    tunnels: () => tunnels,
    close,
  };
  return proxy;
}
