import { runProgram } from '../program';
import { deliver } from './delivery';

/** Many webhooks as fast as they are taken. */
export interface SendInput {
  readonly url: string;
  readonly count: number;
  /** the record that all are about; default: each about another one */
  readonly hot?: number;
  /** under way at once */
  readonly atOnce: number;
  /** distinguishes the events of several sendings */
  readonly name: string;
}

export interface Sent {
  readonly milliseconds: number;
  readonly accepted: number;
}

/** Plays the source that delivers webhooks. */
runProgram<object>(async () => ({
  ready: {},
  answers: {
    async send({ url, count, hot, atOnce, name }: SendInput): Promise<Sent> {
      let next = 0;
      let accepted = 0;
      const began = performance.now();
      const lane = async () => {
        while (next < count) {
          const index = next++;
          const status = await deliver(url, `${name}-${index}`, hot ?? index);
          if (status === 202) accepted += 1;
        }
      };
      await Promise.all(Array.from({ length: atOnce }, lane));
      return { milliseconds: performance.now() - began, accepted };
    },
  },
}));
