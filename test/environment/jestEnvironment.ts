import { createRequire } from 'node:module';
import { types } from 'node:util';
import type { Circus } from '@jest/types';
import { TestEnvironment } from 'jest-environment-node';
import type { EndTask, EndTaskHolder } from './atEnd';

/**
 * Jest's Node environment, which also runs the tasks that a test file left for its end (a task that throws fails the file), and lends
 * the packages of `loadedOnce.js` to the sandbox.
 */
export default class TidemarkTestEnvironment extends TestEnvironment {
  private failed = false;

  override async setup(): Promise<void> {
    await super.setup();
    const sandbox: typeof this.global & { tidemarkRequire?: NodeJS.Require } = this.global;
    sandbox.tidemarkRequire = createRequire(__filename);
    bothRealms(this.global.Error, types.isNativeError);
    bothRealms(this.global.Date, types.isDate);
  }

  async handleTestEvent(event: Circus.AsyncEvent | Circus.SyncEvent, state: Circus.State): Promise<void> {
    if (event.name === 'test_done' && event.test.errors.length > 0) this.failed = true;
    if (event.name !== 'run_finish') return;
    const failed = this.failed || state.unhandledErrors.length > 0;
    for (const task of this.tasks().reverse()) {
      try {
        await task({ failed });
      } catch (error) {
        state.unhandledErrors.push(error);
      }
    }
  }

  private tasks(): EndTask[] {
    const holder: typeof this.global & EndTaskHolder = this.global;
    return holder.tidemarkEndTasks ?? [];
  }
}

/** What the lent packages make belongs to another realm; `instanceof` accepts it in the sandbox too, as it does without Jest. */
function bothRealms(sandboxed: ErrorConstructor | DateConstructor, isOne: (value: unknown) => boolean): void {
  const usual = Function.prototype[Symbol.hasInstance];
  Object.defineProperty(sandboxed, Symbol.hasInstance, {
    value(this: unknown, value: unknown) {
      return usual.call(this as never, value) || (this === sandboxed && isOne(value));
    },
  });
}
