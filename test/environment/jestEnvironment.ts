import type { Circus } from '@jest/types';
import { TestEnvironment } from 'jest-environment-node';
import type { EndTask, EndTaskHolder } from './atEnd';

/** Jest's Node environment, which also runs the tasks that a test file left for its end; a task that throws fails the file. */
export default class TidemarkTestEnvironment extends TestEnvironment {
  private failed = false;

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
