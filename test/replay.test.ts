import { Worker } from '@temporalio/worker';
import { seedPerson } from '../connectors/planning-center/simulator/seed';
import { workflowNames } from '../schema/workflows';
import * as workflows from '../workflows';
import { quietRuntime, testSettings } from './environment';
import { secretValue } from './invariants/thingsSource';
import { readable, recordings } from './support/recordedHistories';

/**
 * Every change of the workflows must be able to go on with what the former ones began: recorded histories are replayed with
 * the present code. Where one fails, the change needs `patched`; `npm run record-histories` only adds new paths.
 */
quietRuntime();

const recorded = recordings();
const options = { workflowBundle: { codePath: testSettings().workflowBundle } };

test.each(Object.keys(workflows))('%s has a recorded history, and a public name', (name) => {
  expect(recorded.filter(({ workflow }) => workflow === name)).not.toEqual([]);
  expect(Object.values(workflowNames)).toContain(name);
});

test.each(recorded)('$name replays', async ({ history, workflowId }) => {
  await Worker.runReplayHistory(options, history, workflowId);
});

test('a replay notices that a workflow does something else', async () => {
  const first = recorded.find(({ name }) => name === 'deltaSync.first');
  const other = JSON.parse(JSON.stringify(first?.history).replaceAll('"pull"', '"push"'));
  await expect(Worker.runReplayHistory(options, other, 'other')).rejects.toThrow(/pull/);
});

test('none holds content of records, or secrets', () => {
  const people = Array.from({ length: 250 }, (_, n) => seedPerson(n));
  const names = new Set(people.flatMap(({ first_name, last_name }) => [first_name, last_name]));
  const content = new RegExp(`\\b(${[...names].join('|')}|Late|Disputed|Thing \\d+|first_name|last_name)\\b`);
  const secrets = [secretValue, Buffer.from('app:pass').toString('base64')];
  for (const { name, history } of recorded) {
    const text = readable(JSON.stringify(history));
    expect([name, content.exec(text)?.[0]]).toEqual([name, undefined]);
    expect([name, secrets.filter((secret) => text.includes(secret))]).toEqual([name, []]);
  }
});
