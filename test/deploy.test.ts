import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { type ReconciliationResult, type RunResult, workflowNames } from '../schema/workflows';
import { bundleWorkflows } from '../workers/bundle';
import { atEnd } from './environment';
import { afterRequests, aMinuteLater, type Control, expectEqual } from './invariants/support';
import { connectionId, type Engine, startChurch } from './support/engine';

/** A run that is under way survives a deploy: it begins on one build of the workflows and ends on another. */
const root = join(__dirname, '..');
const input = { connectionId, entity: 'people', trigger: 'api' };
let newBuild: string;
let engine: Engine;
let control: Control;

beforeAll(async () => {
  newBuild = await buildOfTomorrow();
  ({ engine, control } = await startChurch({ people: 1_200 }));
}, 90_000);

/** The workflows with a step more before a run reads anything, behind `patched` as every change of them has to be. */
async function buildOfTomorrow(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-build-'));
  atEnd(async () => rmSync(folder, { recursive: true }));
  for (const part of ['workflows', 'schema']) cpSync(join(root, part), join(folder, part), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  for (const name of ['deltaSync', 'reconciliation']) {
    const file = join(folder, 'workflows', `${name}.ts`);
    const before = readFileSync(file, 'utf8');
    const step = `    if (patched('a-step-more')) await sleep(1);\n`;
    const after = before.replace(/( {4}progress\.runId = runId;\n)/, `$1${step}`);
    expect(after).not.toBe(before);
    writeFileSync(
      file,
      `import { patched${name === 'deltaSync' ? ', sleep' : ''} } from '@temporalio/workflow';\n${after}`,
    );
  }
  const bundle = join(folder, 'bundle.js');
  await bundleWorkflows(join(folder, 'workflows', 'index.ts'), bundle);
  return bundle;
}

/** The step more is a timer, and a delta has no other. */
const tookTheStep = async (handle: WorkflowHandle) =>
  (await handle.fetchHistory()).events?.some(({ timerStartedEventAttributes }) => timerStartedEventAttributes);

test('a delta and a reconciliation under way go on where they were, on the new build', async () => {
  control.latencyMs = 40;
  const delta = await engine.start<RunResult>(workflowNames.deltaSync, input);
  await afterRequests(control, 4, () => undefined);
  const reconciliation = await engine.start<ReconciliationResult>(workflowNames.reconciliation, input);
  await afterRequests(control, 9, () => undefined);
  await engine.worker.stop();
  control.latencyMs = 0;
  await engine.startWorker({ workflowBundle: newBuild });
  expect((await delta.result()).outcome).toBe('succeeded');
  expect(await reconciliation.result()).toMatchObject({ outcome: 'succeeded', deleted: 0 });
  await expectEqual(engine, control);
  // it lay behind the run already
  expect(await tookTheStep(delta)).toBe(false);
});

test('what begins now takes the new step', async () => {
  await aMinuteLater(engine);
  // of everything: what fits on one page is read at once, before that step
  const delta = await engine.start<RunResult>(workflowNames.deltaSync, { ...input, full: true });
  expect((await delta.result()).outcome).toBe('succeeded');
  expect(await tookTheStep(delta)).toBe(true);
});
