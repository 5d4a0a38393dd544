import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** How a connection is broken. */
export const faultKinds = ['latency', 'reset', 'hang', 'cut', 'refuse'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** A way to a server on which connections can be broken. */
export interface FaultProxy {
  readonly port: number;
  /**
   * Breaks the link until `over` resolves, then mends it:
   * - `latency`: every piece is late by up to half a second, in both directions;
   * - `reset`: a connection on which an answer begins is reset instead, so in mid-query;
   * - `cut`: half of an answer's first piece arrives, then the connection ends;
   * - `hang`: not a byte goes either way, new connections included; afterwards every second one is reset, the others go on;
   * - `refuse`: what is connected is reset, and so is what comes.
   * Resolves, when it is over, with the number of connections that felt it.
   */
  strike(kind: FaultKind, over: Promise<unknown>): Promise<number>;
  close(): Promise<void>;
}

/** One connection through the proxy. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  /** a delayed piece holds those after it back */
  dueToNear: number;
  dueToFar: number;
}

interface Strike {
  readonly kind: FaultKind;
  readonly felt: Set<Pair>;
}

const latestMs = 500;

/**
 * Listens on 127.0.0.1 and passes everything on to `targetPort`. `onRequest` sees what the near side sends, as it
 * arrives and before it is passed on.
 */
export async function startFaultProxy(
  targetPort: number,
  random: () => number,
  onRequest: (piece: Buffer) => void = () => undefined,
): Promise<FaultProxy> {
  const pairs = new Set<Pair>();
  let strike: Strike | undefined;

  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: targetPort, host: '127.0.0.1', noDelay: true });
    const pair: Pair = { near, far, dueToNear: 0, dueToFar: 0 };
    pairs.add(pair);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      // told by 'close'
      one.on('error', () => undefined);
      one.on('close', () => {
        pairs.delete(pair);
        other.destroy();
      });
      one.on('end', () => other.end());
      one.on('data', (piece) => {
        if (one === near) onRequest(piece);
        pass(pair, one, other, piece);
      });
    }
    if (strike?.kind === 'hang') freeze(pair, strike);
    if (strike?.kind === 'refuse') reset(pair, strike);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  function pass(pair: Pair, from: Socket, to: Socket, piece: Buffer): void {
    const answer = to === pair.near;
    if (answer && strike?.kind === 'reset') {
      reset(pair, strike);
      return;
    }
    if (answer && strike?.kind === 'cut') {
      strike.felt.add(pair);
      to.end(piece.subarray(0, piece.length >> 1));
      pair.far.destroy();
      return;
    }
    const slow = strike?.kind === 'latency';
    if (slow) strike?.felt.add(pair);
    const due = Math.max(answer ? pair.dueToNear : pair.dueToFar, slow ? performance.now() + random() * latestMs : 0);
    const wait = due - performance.now();
    if (answer) pair.dueToNear = due;
    else pair.dueToFar = due;
    if (wait > 0) setTimeout(() => write(from, to, piece), wait);
    else write(from, to, piece);
  }

  function write(from: Socket, to: Socket, piece: Buffer): void {
    if (!to.writable || to.write(piece)) return;
    from.pause();
    to.once('drain', () => {
      if (strike?.kind !== 'hang') from.resume();
    });
  }

  function freeze(pair: Pair, { felt }: Strike): void {
    felt.add(pair);
    pair.near.pause();
    pair.far.pause();
  }

  function reset(pair: Pair, { felt }: Strike): void {
    felt.add(pair);
    pair.near.resetAndDestroy();
    pair.far.destroy();
  }

  return {
    port: (server.address() as AddressInfo).port,
    async strike(kind, over) {
      if (strike !== undefined) return 0;
      const begun: Strike = { kind, felt: new Set() };
      strike = begun;
      for (const pair of [...pairs]) {
        if (kind === 'hang') freeze(pair, begun);
        if (kind === 'refuse') reset(pair, begun);
      }
      await over;
      strike = undefined;
      if (kind === 'hang') {
        for (const [index, pair] of [...begun.felt].entries()) {
          if (index % 2 === 0) reset(pair, begun);
          else {
            pair.near.resume();
            pair.far.resume();
          }
        }
      }
      return begun.felt.size;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const { near, far } of pairs) {
          near.destroy();
          far.destroy();
        }
      }),
  };
}
