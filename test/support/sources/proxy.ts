import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { atEnd } from '../../environment';

/** For tests: a way to a server that can be cut off. */
export interface TestProxy {
  readonly port: number;
  /** Breaks what is connected and refuses what comes. */
  cut(): Promise<void>;
  restore(): Promise<void>;
}

export async function testProxy(host: string, targetPort: number): Promise<TestProxy> {
  const sockets = new Set<Socket>();
  const make = () =>
    createServer((socket) => {
      const target = connect(targetPort, host);
      for (const [one, other] of [
        [socket, target],
        [target, socket],
      ] as const) {
        sockets.add(one);
        one.on('close', () => {
          sockets.delete(one);
          other.destroy();
        });
        // told by 'close'
        one.on('error', () => undefined);
        one.pipe(other);
      }
    });
  let server = make();
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  atEnd(cut);
  return {
    port,
    cut,
    async restore() {
      server = make();
      await listen(port);
    },
  };
}
