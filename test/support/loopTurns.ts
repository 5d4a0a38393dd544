/** How long this process's event loop was held, in processor time, so that a machine that is busy otherwise does not count. */
export interface LoopTurns {
  /** the most processor time of the process between two turns of its loop, in milliseconds; its other threads are included */
  longestMs(): number;
  stop(): void;
}

/** Watches the event loop from now on. */
export function watchLoop(): LoopTurns {
  let longest = 0;
  let before = process.cpuUsage();
  const timer = setInterval(() => {
    const used = process.cpuUsage(before);
    before = process.cpuUsage();
    longest = Math.max(longest, (used.user + used.system) / 1000);
  }, 1);
  return { longestMs: () => longest, stop: () => clearInterval(timer) };
}
