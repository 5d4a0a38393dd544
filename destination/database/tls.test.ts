import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { atEnd, testDatabase } from '../../test/environment';
import { certificate, certificateKey } from '../../test/support/sources/certificate';
import { connectDatabase } from './database';

/** A PostgreSQL that speaks TLS: the real one, behind an end of TLS that does what its own would. */
interface SecureServer {
  /** with TLS as the parameters say */
  url(parameters: string): string;
  readonly seen: { secure: number; plain: number };
}

/** The first message of a client that wants TLS. https://www.postgresql.org/docs/current/protocol-message-formats.html */
const sslRequest = Buffer.from('0000000804d2162f', 'hex');

async function secureServer({ offersTls }: { readonly offersTls: boolean }): Promise<SecureServer> {
  const database = await testDatabase();
  const real = new URL(database.url);
  const seen = { secure: 0, plain: 0 };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('data', (first: Buffer) => {
      if (!first.equals(sslRequest)) {
        seen.plain += 1;
        socket.destroy();
        return;
      }
      socket.pause();
      socket.write(offersTls ? 'S' : 'N');
      if (!offersTls) return;
      const secured = new TLSSocket(socket, { isServer: true, cert: certificate, key: certificateKey });
      secured.once('secure', () => {
        seen.secure += 1;
      });
      const behind = connect(Number(real.port || 5432), real.hostname);
      sockets.add(behind);
      for (const one of [secured, behind]) {
        one.on('error', () => one.destroy());
        one.on('close', () => {
          behind.destroy();
          socket.destroy();
        });
      }
      secured.pipe(behind).pipe(secured);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  atEnd(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    url(parameters) {
      const url = new URL(database.url);
      url.host = `localhost:${port}`;
      return `${url.href}?${parameters}`;
    },
  };
}

const folder = mkdtempSync(join(tmpdir(), 'tidemark-tls-'));
const authority = join(folder, 'authority.pem');
beforeAll(() => writeFileSync(authority, certificate));
afterAll(() => rmSync(folder, { recursive: true }));

async function ask(url: string): Promise<unknown> {
  const db = connectDatabase(url, { connectTimeoutMs: 10_000, poolSize: 1 });
  try {
    return (await db.raw('select 1 as one')).rows;
  } finally {
    await db.destroy();
  }
}

test('verify-full with the right authority: everything goes through TLS', async () => {
  const { url, seen } = await secureServer({ offersTls: true });
  expect(await ask(url(`sslmode=verify-full&sslrootcert=${authority}`))).toEqual([{ one: 1 }]);
  expect(seen).toEqual({ secure: 1, plain: 0 });
});

test('no-verify encrypts without asking who it is', async () => {
  const { url, seen } = await secureServer({ offersTls: true });
  expect(await ask(url('sslmode=no-verify'))).toEqual([{ one: 1 }]);
  expect(seen).toEqual({ secure: 1, plain: 0 });
});

test.each(['require', 'verify-ca', 'verify-full'])('%s refuses a certificate that nobody vouches for', async (mode) => {
  const { url, seen } = await secureServer({ offersTls: true });
  await expect(ask(url(`sslmode=${mode}`))).rejects.toThrow(/self-signed certificate/);
  expect(seen.plain).toBe(0);
});

test('require never goes on in plain text where the server offers no TLS', async () => {
  const { url, seen } = await secureServer({ offersTls: false });
  await expect(ask(url('sslmode=require'))).rejects.toThrow(/does not support SSL/);
  expect(seen.plain).toBe(0);
});
