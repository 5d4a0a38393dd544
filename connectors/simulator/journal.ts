import { closeSync, existsSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** The journal belongs to a seed of this size; over another one its changes would fall on other records. */
export type SeedSize = Readonly<Record<string, number>>;

/** Changes over the seed, appended to a file of JSON lines, so that a restart goes on with the same data. */
export class Journal<Mutation> {
  private readonly file: number;

  private constructor(path: string) {
    this.file = openSync(path, 'a');
  }

  /**
   * Opens the file or begins it, and hands every change so far to `replay`. A last line that a crash cut off is dropped.
   * Throws when the file belongs to a seed of another size.
   */
  static open<Mutation>(path: string, seed: SeedSize, replay: (mutation: Mutation) => void): Journal<Mutation> {
    const header = JSON.stringify(seed);
    mkdirSync(dirname(path), { recursive: true });
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const complete = text.slice(0, text.lastIndexOf('\n') + 1);
    if (complete.length < text.length) truncateSync(path, Buffer.byteLength(complete));
    const [found, ...lines] = complete.split('\n').filter((line) => line !== '');
    if (found !== undefined && found !== header) {
      throw new Error(
        `${path} holds the changes to other data (${found}, now ${header}); delete it to begin again, or start with the numbers it names`,
      );
    }
    for (const line of lines) replay(JSON.parse(line) as Mutation);
    const journal = new Journal<Mutation>(path);
    if (found === undefined) writeSync(journal.file, `${header}\n`);
    return journal;
  }

  append(mutations: readonly Mutation[]): void {
    if (mutations.length > 0)
      writeSync(this.file, mutations.map((mutation) => `${JSON.stringify(mutation)}\n`).join(''));
  }

  close(): void {
    closeSync(this.file);
  }
}
