import type { ProbeResult } from '../schema/definition/checks';
import { workflowNames } from '../schema/workflows';
import { startWorkspace } from '../test/service-titan/workspace';
import { connectionId, type Engine, startChurch } from '../test/support/engine';

/** The definitions that come with the engine, against the sources that they were written for. */
async function probed(engine: Engine, entity: string): Promise<ProbeResult> {
  const handle = await engine.start<ProbeResult>(workflowNames.probe, { connectionId, entity });
  return handle.result();
}

const bad = ({ findings }: ProbeResult) => findings.filter(({ verdict }) => verdict === 'contradicts');
const about = ({ findings }: ProbeResult) => [...new Set(findings.map((finding) => finding.about))];

test('ServiceTitan', async () => {
  const { engine } = await startWorkspace({ customers: 60 });
  const found = await probed(engine, 'customers');
  expect(bad(found)).toEqual([]);
  expect(about(found)).toEqual(expect.arrayContaining(['related', 'ids-list', 'filter']));
  expect(found.findings.filter((finding) => finding.about === 'related')).toContainEqual(
    expect.objectContaining({ verdict: 'agrees', finding: expect.stringContaining('were read at once') }),
  );
  expect(found.requests).toBeLessThan(40);
});

test('Planning Center', async () => {
  const { engine } = await startChurch({ people: 60, donations: 60 });
  for (const entity of ['people', 'donations']) expect(bad(await probed(engine, entity))).toEqual([]);
});
