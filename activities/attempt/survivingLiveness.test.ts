import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { type SurvivingLiveness, startSurvivingLiveness } from './survivingLiveness';

/** Attempts of one activity, each of which gets what the one before had in its last heartbeat. */
function attempts() {
  let last: unknown;
  const beats: unknown[] = [];
  return {
    beats,
    attempt: (work: (liveness: SurvivingLiveness) => void) => {
      const environment = new MockActivityEnvironment(
        { heartbeatDetails: last },
        { logger: new DefaultLogger('ERROR') },
      );
      environment.on('heartbeat', (details: unknown) => {
        last = details;
        beats.push(details);
      });
      return environment.run(async () => {
        const liveness = startSurvivingLiveness('Fetching');
        work(liveness);
        liveness.stop();
      });
    },
  };
}
const nothing = () => undefined;

test('the sixth attempt in a row of which nothing was heard but its beginning gives up and says why', async () => {
  const { attempt, beats } = attempts();
  for (let number = 1; number <= 5; number += 1) await attempt(nothing);
  expect(beats).toMatchObject([1, 2, 3, 4, 5].map((tries) => ({ tries })));
  const sixth = attempt(nothing);
  await expect(sixth).rejects.toMatchObject({ type: 'WorkerLost' });
  await expect(sixth).rejects.toThrow(/^Fetching: 5 attempts in a row lost their worker, the first at 20\d\d-.*memory/);
});

const ends: [string, (liveness: SurvivingLiveness) => void][] = [
  ['achieved something', (liveness) => liveness.progress({ fetches: 1 })],
  ['ended with an error', (liveness) => liveness.failed()],
];
test.each(ends)('an attempt that %s is not counted, nor are those before it', async (_what, work) => {
  const { attempt, beats } = attempts();
  for (let number = 1; number <= 4; number += 1) await attempt(nothing);
  await attempt(work);
  for (let number = 1; number <= 5; number += 1) await attempt(nothing);
  expect(beats.at(-1)).toMatchObject({ tries: 5 });
});
