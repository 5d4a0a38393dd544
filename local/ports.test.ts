import { createServer, type Server } from 'node:net';
import { choosePort, choosePreferred, isFree, releasePort } from './ports';

function listen(): Promise<{ server: Server; port: number }> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address !== null ? address.port : 0 });
    });
  });
}

describe('ports', () => {
  test('the usual one is taken when it is free', async () => {
    const { server, port } = await listen();
    await new Promise((resolve) => server.close(resolve));
    expect(await choosePort(port)).toBe(port);
  });

  test('another free one where a program listens on the usual one', async () => {
    const { server, port } = await listen();
    try {
      const chosen = await choosePort(port);
      expect(chosen).not.toBe(port);
      expect(await isFree(chosen)).toBe(true);
    } finally {
      server.close();
    }
  });

  test('no port is handed out twice before its server listens', async () => {
    const first = await choosePort();
    expect(await choosePort(first)).not.toBe(first);
    releasePort(first);
    expect(await choosePort(first)).toBe(first);
  });

  test('the wanted one, then the usual one, and 0 for any', async () => {
    const [wanted, usual] = [await choosePort(), await choosePort()];
    releasePort(usual);
    expect(await choosePreferred(wanted, usual)).toBe(usual);
    releasePort(usual);
    expect([wanted, usual, 0]).not.toContain(await choosePreferred(0, usual));
  });
});
