/**
 * How many requests of one connection may be under way at once in this process, whatever activities they belong to.
 * Kept for the life of the process: a lane without traffic is two numbers.
 */
interface Lane {
  free: number;
  readonly waiting: Set<() => void>;
}

const lanes = new Map<string, Lane>();

/** Sends when fewer than `concurrency` requests of this connection are under way. Rejects with the signal's reason when aborted while waiting. */
export async function inLane<T>(
  name: string,
  concurrency: number,
  signal: AbortSignal,
  send: () => Promise<T>,
): Promise<T> {
  const lane = laneOf(name, concurrency);
  if (lane.free > 0) lane.free -= 1;
  else await turn(lane, signal);
  try {
    return await send();
  } finally {
    const [next] = lane.waiting;
    if (next) next();
    else lane.free += 1;
  }
}

function laneOf(name: string, concurrency: number): Lane {
  // a changed definition means a new lane, and the old one runs dry
  const key = `${name} ${concurrency}`;
  let lane = lanes.get(key);
  if (!lane) {
    lane = { free: concurrency, waiting: new Set() };
    lanes.set(key, lane);
  }
  return lane;
}

function turn(lane: Lane, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      lane.waiting.delete(enter);
      signal.removeEventListener('abort', giveUp);
    };
    const enter = () => {
      leave();
      resolve();
    };
    const giveUp = () => {
      leave();
      reject(signal.reason);
    };
    signal.throwIfAborted();
    lane.waiting.add(enter);
    signal.addEventListener('abort', giveUp);
  });
}
