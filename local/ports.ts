import { createServer } from 'node:net';
import { TidemarkError } from '../schema/errors';
import { codeOf } from './files';

const host = '127.0.0.1';

// Ports are chosen before their servers listen, so one process must not hand out the same one twice.
const handedOut = new Set<number>();

/**
 * The first of the usual ports that is free on 127.0.0.1, else any free one.
 * Free means: at this moment, and not handed out by this process before.
 */
export async function choosePort(...usual: number[]): Promise<number> {
  for (const port of usual) {
    if (!handedOut.has(port) && (await isFree(port))) return take(port);
  }
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = await listen(0);
    if (port !== undefined && !handedOut.has(port)) return take(port);
  }
  throw new TidemarkError('EmbeddedUnavailable', `No free port on ${host}: end a program that holds many of them`);
}

/** The wanted port, else the usual one, else any free one; 0 wants any free one. */
export function choosePreferred(wanted: number | undefined, usual: number): Promise<number> {
  if (wanted === 0) return choosePort();
  return wanted === undefined ? choosePort(usual) : choosePort(wanted, usual);
}

/** Gives a port back, so that a server started later in this process may have it. */
export function releasePort(port: number): void {
  handedOut.delete(port);
}

/** Whether a server could listen on this port of 127.0.0.1 now. */
export async function isFree(port: number): Promise<boolean> {
  return (await listen(port)) !== undefined;
}

function take(port: number): number {
  handedOut.add(port);
  return port;
}

/** Listens for a moment; the port that was given, or undefined where it is taken or not allowed. */
function listen(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      if (['EADDRINUSE', 'EACCES'].includes(codeOf(error) ?? '')) resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : undefined));
    });
  });
}
