import type { ExitStatus } from '../../failure';
import type { Shell } from '../../terminal/shell';
import { firstSync } from '../up/firstSync';
import { inTemporaryFolder, proveSteps } from './proof';
import { sourceAt } from './simulator';
import { proof } from './steps';

/** Enough for several pages, few enough for the source's documented rate limit. */
const people = 450;

/** The proof, on a machine where nothing runs yet; everything it makes is removed again. */
export function demo(shell: Shell): Promise<ExitStatus> {
  // so rarely that the deltas of the proof are its own
  return inTemporaryFolder(shell, { people, delta: '12h' }, async ({ up, over }) => {
    const begun = Date.now();
    if (up.demo === undefined) throw new Error('the demo was not set up');
    await firstSync(shell, up, over);
    const steps = proof(up, sourceAt(up.demo.simulatorUrl), up.demo.connectionId);
    return proveSteps(shell, over, steps, { begun });
  });
}
