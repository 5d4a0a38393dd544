import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type FaultKind, type FaultProxy, startFaultProxy } from './faultProxy';

/** The soak is worth as much as its faults: each is felt as it is meant. */
const answer = 'x'.repeat(1_000);
let server: Server;
let proxy: FaultProxy;
const asked: string[] = [];

beforeAll(async () => {
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', () => socket.write(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  proxy = await startFaultProxy(
    port,
    () => 1,
    (piece) => asked.push(piece.toString()),
  );
});
afterAll(async () => {
  await proxy.close();
  await new Promise((resolve) => server.close(resolve));
});

interface Client {
  readonly socket: Socket;
  readonly ended: Promise<unknown>;
  received(): number;
}

async function client(): Promise<Client> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1' });
  let received = 0;
  socket.on('data', (piece) => {
    received += piece.length;
  });
  const ended = new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.on('close', resolve);
  });
  await once(socket, 'connect');
  return { socket, ended, received: () => received };
}

const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};

/** Breaks the link until it is mended. */
function broken(kind: FaultKind): { mended(): Promise<number> } {
  let mend: () => void = () => undefined;
  const struck = proxy.strike(kind, new Promise<void>((resolve) => (mend = resolve)));
  return {
    mended() {
      mend();
      return struck;
    },
  };
}

/** A connection that has had an answer. */
async function connected(): Promise<Client> {
  const one = await client();
  one.socket.write('before');
  await until(() => one.received() === answer.length);
  return one;
}

test('without a fault everything passes, and is seen', async () => {
  const { socket } = await connected();
  expect(asked).toContain('before');
  socket.destroy();
});

test.each([
  ['reset', 'the connection is gone when the answer begins', 1],
  ['cut', 'half of the answer arrives', 1.5],
] as const)('%s: %s', async (kind, _what, answers) => {
  const { socket, ended, received } = await connected();
  const fault = broken(kind);
  socket.write('during');
  await ended;
  expect(received()).toBe(answer.length * answers);
  expect(await fault.mended()).toBe(1);
});

test('latency: it arrives, late', async () => {
  const { socket, received } = await connected();
  const fault = broken('latency');
  const begun = performance.now();
  socket.write('during');
  await until(() => received() === answer.length * 2);
  expect(performance.now() - begun).toBeGreaterThan(900);
  expect(await fault.mended()).toBe(1);
  socket.destroy();
});

test('hang: nothing arrives; then one connection is reset, the next goes on', async () => {
  const [one, two] = [await connected(), await connected()];
  const fault = broken('hang');
  for (const { socket } of [one, two]) socket.write('during');
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([one.received(), two.received()]).toEqual([answer.length, answer.length]);
  expect(await fault.mended()).toBe(2);
  await one.ended;
  await until(() => two.received() === answer.length * 2);
  two.socket.destroy();
});

test('refuse: what is connected goes, and what comes; afterwards all is well', async () => {
  const { ended } = await connected();
  const fault = broken('refuse');
  await ended;
  const refused = connect({ port: proxy.port, host: '127.0.0.1' });
  refused.on('error', () => undefined);
  await new Promise((resolve) => refused.on('close', resolve));
  expect(await fault.mended()).toBe(2);
  (await connected()).socket.destroy();
});
