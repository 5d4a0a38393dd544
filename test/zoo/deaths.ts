import { ApplicationFailure } from '@temporalio/activity';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';

/** The activities of one connection, as far as their deaths are concerned. */
class Herd {
  /** attempts that have begun since the last plan */
  begun = 0;
  lost: ReadonlySet<number> = new Set();
  /** attempts that Temporal believes in */
  readonly believed = new Set<(reason: Error) => void>();
  /** all that goes on, attempts that died included */
  readonly work = new Set<Promise<unknown>>();
}

/**
 * Attempts of activities that die: Temporal hears of it and has another one made, while what the dead attempt had begun goes on beside
 * it, as in a process that was cut off from the network.
 */
export class Deaths {
  private readonly herds = new Map<string, Herd>();

  /** Counts the attempts of a connection from here on; of these, the result is lost after all their work is done. */
  expect(connectionId: string, lost: readonly number[]): void {
    const herd = this.herd(connectionId);
    herd.begun = 0;
    herd.lost = new Set(lost);
  }

  /** Every attempt that a connection has under way is taken for dead. */
  kill(connectionId: string): void {
    const { believed } = this.herd(connectionId);
    for (const giveUp of believed) giveUp(died());
    believed.clear();
  }

  /** Resolves when nothing of this connection goes on any more, be it dead or alive. */
  async settled(connectionId: string): Promise<void> {
    const { work } = this.herd(connectionId);
    while (work.size > 0) await Promise.allSettled(work);
  }

  forget(connectionId: string): void {
    this.herds.delete(connectionId);
  }

  readonly interceptors: ActivityInterceptorsFactory = () => ({
    inbound: {
      execute: async (input, next) => {
        const { connectionId } = (input.args[0] ?? {}) as { readonly connectionId?: unknown };
        const herd = typeof connectionId === 'string' ? this.herds.get(connectionId) : undefined;
        if (!herd) return next(input);
        herd.begun += 1;
        const loses = herd.lost.has(herd.begun);
        const work = next(input);
        herd.work.add(work);
        const over = () => void herd.work.delete(work);
        work.then(over, over);
        let giveUp: (reason: Error) => void = () => undefined;
        const death = new Promise<never>((_, reject) => {
          giveUp = reject;
        });
        herd.believed.add(giveUp);
        try {
          const result = await Promise.race([work, death]);
          if (loses) throw died();
          return result;
        } finally {
          herd.believed.delete(giveUp);
        }
      },
    },
  });

  private herd(connectionId: string): Herd {
    const herd = this.herds.get(connectionId) ?? new Herd();
    this.herds.set(connectionId, herd);
    return herd;
  }
}

const died = () => ApplicationFailure.retryable('the worker died', 'Died');
