import { flawsOf } from './flaws';
import { type Plan, plain, type Step, type World } from './world';

/** A counterexample in words: what the source is like, what happened, and what is wrong in the end. */
export function story(plan: Plan, wrong: string, log: readonly string[]): string {
  const flaws = flawsOf(plan.world);
  return [
    wrong,
    '',
    `The source${flaws.length > 0 ? ` (${flaws.join('; ')})` : ''}: ${JSON.stringify(differences(plan.world))}`,
    `What was asked: ${JSON.stringify(plan.steps.map(briefly))}, last faults ${JSON.stringify(plan.lastFaults)}`,
    '',
    ...log,
  ].join('\n');
}

/** How a source differs from the plainest one. */
function differences(world: World): Partial<World> {
  return Object.fromEntries(
    Object.entries(world).filter(
      ([name, value]) => JSON.stringify(value) !== JSON.stringify(plain[name as keyof World]),
    ),
  );
}

const briefly = (step: Step) =>
  'do' in step || step.during.length + step.faults.length > 0 ? step : { run: step.run };
