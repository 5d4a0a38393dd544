import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../schema/errors';

/**
 * Waits until something holds, also through the errors of servers that are just coming back. Throws after so many
 * seconds, with what was waited for and the last error.
 */
export async function until(what: string, seconds: number, holds: () => Promise<boolean> | boolean): Promise<void> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    let said = '';
    try {
      if (await holds()) return;
    } catch (error) {
      said = ` (${messageOf(error)})`;
    }
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}${said}`);
    await sleep(100);
  }
}
