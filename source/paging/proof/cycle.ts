import { createHash } from 'node:crypto';
import { z } from 'zod';

export const cyclePoint = {
  mark: z.string(),
  lap: z.int().min(0),
  power: z.int().min(1),
};
export type CyclePoint = z.infer<z.ZodObject<typeof cyclePoint>>;

/**
 * Finds out that links or tokens go round in a circle, of whatever length, with one remembered value (Brent's method): it is
 * compared with each new one and moved forward after 1, 2, 4, 8 … steps. A set of all that was seen would grow with the
 * list, and would not fit a resume point. A circle is noticed after at most about three times the way to its end.
 */
export class CycleFinder {
  private state: CyclePoint;

  constructor(resume: CyclePoint | null) {
    this.state = resume ? { mark: resume.mark, lap: resume.lap, power: resume.power } : { mark: '', lap: 0, power: 1 };
  }

  /** Whether this value was seen before. */
  isBack(value: string): boolean {
    const hash = createHash('sha256').update(value).digest('base64url').slice(0, 12);
    if (hash === this.state.mark) return true;
    const lap = this.state.lap + 1;
    this.state =
      lap === this.state.power
        ? { mark: hash, lap: 0, power: lap * 2 }
        : { mark: this.state.mark, lap, power: this.state.power };
    return false;
  }

  get point(): CyclePoint {
    return { ...this.state };
  }
}
