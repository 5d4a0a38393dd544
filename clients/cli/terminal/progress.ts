import { printable } from './printable';
import { coloursFor, print } from './shell';

/** Shows on stderr that a command which takes longer is alive. */
export interface Waiting {
  /** What is going on now. */
  update(text: string): void;
  /** Takes the line away; what comes after it is the result. */
  done(): void;
}

/** Shorter work shows no progress. */
const patienceMs = 2_000;
/** where there is no terminal: a line a while, for a log */
const lineEveryMs = 10_000;

interface Display {
  show(text: string): void;
  end(): void;
}

/** Begins to wait. Nothing is shown for the first two seconds; then a spinner on a terminal, else a line now and then. */
export async function wait(text: string): Promise<Waiting> {
  const display = process.stderr.isTTY ? await spinner() : lines();
  let current = text;
  const timer = setTimeout(() => display.show(current), patienceMs).unref();
  const startedAt = Date.now();
  return {
    update(next) {
      current = next;
      if (Date.now() - startedAt >= patienceMs) display.show(current);
    },
    done() {
      clearTimeout(timer);
      display.end();
    },
  };
}

async function spinner(): Promise<Display> {
  const { default: yoctoSpinner } = await import('yocto-spinner');
  const spin = yoctoSpinner({ stream: process.stderr });
  return {
    show(text) {
      spin.text = printable(text, false);
      if (!spin.isSpinning) spin.start();
    },
    end() {
      if (spin.isSpinning) spin.stop();
    },
  };
}

function lines(): Display {
  const { dim } = coloursFor(process.stderr, process.env);
  let last = '';
  let shownAt = 0;
  return {
    show(text) {
      if (text === last || Date.now() - shownAt < lineEveryMs) return;
      [last, shownAt] = [text, Date.now()];
      print(process.stderr, `${dim(text)}\n`);
    },
    end() {},
  };
}
