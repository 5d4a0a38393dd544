import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { webhookEvents } from '../../connectors/planning-center/webhooks';

/** Stands between the source and the server, and writes down what the server acknowledged. */
export interface WebhookGate {
  readonly url: string;
  /** ids of the events of every delivery that the server answered with 2xx */
  readonly acknowledged: ReadonlySet<string>;
  /** deliveries that came, doubled and repeated ones included */
  readonly deliveries: number;
  /** deliveries that the server did not acknowledge: it was dead, or could not store them */
  readonly refused: number;
  /** Tells the source to send nothing more, as a 410 does. */
  endSubscription(): void;
  close(): Promise<void>;
}

export async function startWebhookGate(target: string): Promise<WebhookGate> {
  const acknowledged = new Set<string>();
  let deliveries = 0;
  let refused = 0;
  let ended = false;

  const receive = async (incoming: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (ended) {
      response.writeHead(410).end();
      return;
    }
    deliveries += 1;
    const status = await pass(target, incoming, body);
    if (status >= 200 && status < 300) {
      const events = webhookEvents({ body: JSON.parse(body.toString()), headers: {} });
      for (const { eventId } of events) if (eventId !== undefined) acknowledged.add(eventId);
    } else refused += 1;
    response.writeHead(status).end();
  };
  const server = createServer((incoming, response) => {
    receive(incoming, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    acknowledged,
    get deliveries() {
      return deliveries;
    },
    get refused() {
      return refused;
    },
    endSubscription() {
      ended = true;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The server's status; 502 when it is dead. */
function pass(target: string, { headers }: IncomingMessage, body: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const { host: _host, connection: _connection, ...rest } = headers;
    const passed = request(target, { method: 'POST', headers: rest, agent: false, timeout: 20_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 502);
    });
    passed.once('timeout', () => passed.destroy(new Error('no answer within 20 s')));
    passed.once('error', () => resolve(502));
    passed.end(body);
  });
}
