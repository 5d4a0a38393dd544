import { Context } from '@temporalio/activity';

/** A hung attempt stops looking alive after this long without progress. Longer than any one request may take, with its retries. */
const hungAfterRequestMs = 300_000;
/** The same for one statement over millions of rows. */
export const hungAfterStatementMs = 3_600_000;
const beatEveryMs = 2_000;

export interface Liveness {
  /** Says that something was achieved, with what the progress query and the Temporal UI show. */
  progress(details: Readonly<Record<string, unknown>>): void;
  stop(): void;
}

/**
 * Heartbeats while there is progress. The beats themselves are frequent, so that a killed worker is noticed within
 * seconds; but they end when nothing has been achieved for minutes, so that a hung attempt doesn't look alive forever.
 */
export function startLiveness(hungAfterMs = hungAfterRequestMs): Liveness {
  const context = Context.current();
  let last = Date.now();
  let details: Readonly<Record<string, unknown>> = {};
  const beat = () => {
    // no listener receives a local activity's, and the SDK complains of each
    if (!context.info.isLocal) context.heartbeat(details);
  };
  const timer = setInterval(() => {
    if (Date.now() - last < hungAfterMs) beat();
  }, beatEveryMs);
  timer.unref();
  return {
    progress(now) {
      last = Date.now();
      details = now;
      beat();
    },
    stop: () => clearInterval(timer),
  };
}

/** Runs work that is one or a few long statements, and looks alive meanwhile. */
export async function alive<T>(work: () => Promise<T>): Promise<T> {
  const liveness = startLiveness(hungAfterStatementMs);
  try {
    return await work();
  } finally {
    liveness.stop();
  }
}
