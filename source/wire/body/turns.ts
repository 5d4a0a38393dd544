import { setImmediate } from 'node:timers/promises';

/** Work on what a source sent goes on for this long before other work of the process has its turn. */
const sliceMs = 15;

/** Lets other work of the process have its turn once `sliceMs` are over; called often, between pieces of work that are short. */
export function turns(): () => Promise<void> | undefined {
  let began = performance.now();
  return () => {
    if (performance.now() - began < sliceMs) return undefined;
    return setImmediate().then(() => {
      began = performance.now();
    });
  };
}
