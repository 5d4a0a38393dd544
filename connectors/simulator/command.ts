/** What `runCommand` starts and stops. */
export interface Started {
  /** printed when it runs */
  readonly sentence: string;
  stop(): Promise<void>;
}

/** Runs a simulator as a command until SIGINT or SIGTERM. A mistake in the options ends it with status 2. */
export function runCommand(start: () => Promise<Started | undefined>): void {
  run(start).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\nSee --help.\n`);
      process.exit(2);
    },
  );
}

async function run(start: () => Promise<Started | undefined>): Promise<void> {
  const started = await start();
  if (started === undefined) return;
  process.stdout.write(`${started.sentence}\n`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
  await started.stop();
}

/** The value of an option that is a whole number of 0 or more. Throws an Error that names the option. */
export function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} must be a whole number, not '${text}'`);
  return value;
}
