/** What happened in one history, for whoever reads a counterexample. */
export class Trace {
  private readonly lines: string[] = [];
  private readonly now: () => number;
  private readonly began: number;

  constructor(now: () => number) {
    this.now = now;
    this.began = now();
  }

  note(line: string): void {
    const seconds = ((this.now() - this.began) / 1000).toFixed(3);
    this.lines.push(`${seconds.padStart(9)} ${line}`);
  }

  get text(): string {
    return this.lines.join('\n');
  }
}
