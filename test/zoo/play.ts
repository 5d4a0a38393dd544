import { type ReconciliationResult, type RunResult, workflowNames } from '../../schema/workflows';
import type { Ended, Habitat, Zoo } from './engine';
import { difference, storedRows } from './oracle';
import type { ZooRecord } from './record';
import { story } from './story';
import type { Plan, Run } from './world';

/** Plays one plan; throws with the whole story where source and table disagree under a run that says it succeeded. */
export async function play(zoo: Zoo, plan: Plan): Promise<void> {
  const habitat = await zoo.open(plan.world);
  const player = new Player(zoo, plan, habitat);
  try {
    for (const step of plan.steps) {
      if ('do' in step) habitat.source.store.apply(step);
      else await player.run(step);
    }
    await player.finish();
  } catch (error) {
    if (error instanceof Error) error.message = story(plan, error.message, habitat.source.store.log);
    throw error;
  } finally {
    habitat.leave();
  }
}

const quiet = { during: [], faults: [] } as const;

class Player {
  private readonly zoo: Zoo;
  private readonly plan: Plan;
  private readonly habitat: Habitat;

  constructor(zoo: Zoo, plan: Plan, habitat: Habitat) {
    this.zoo = zoo;
    this.plan = plan;
    this.habitat = habitat;
  }

  /** A run in the middle: it may fail where the list moved, but what it says must be so. */
  async run(run: Run): Promise<void> {
    const before = this.snapshot();
    const ended = await this.execute(run);
    if (ended.failed) {
      if (run.during.length > 0 && ended.type === 'ContractBroken') return;
      throw new Error(`a ${run.run} failed: ${ended.type}: ${ended.message}`);
    }
    await this.nothingLost(run, before);
  }

  /** Nothing changes any more: one delta and one reconciliation later, all is equal, and then nothing is left to do. */
  async finish(): Promise<void> {
    const { lastFaults } = this.plan;
    await this.run({ run: 'delta', during: [], faults: lastFaults });
    const ended = await this.execute({ run: 'reconciliation', during: [], faults: lastFaults });
    if (ended.failed) throw new Error(`the last reconciliation failed: ${ended.type}: ${ended.message}`);
    await this.allEqual();
    const again = await this.execute({ run: 'reconciliation', ...quiet });
    if (again.failed) throw new Error(`a further reconciliation failed: ${again.type}: ${again.message}`);
    const { missing, stale, deleted } = again.result as ReconciliationResult;
    if (missing + stale + deleted > 0)
      throw new Error(
        `all was equal, but a further reconciliation says ${missing} missing, ${stale} stale, ${deleted} deleted`,
      );
  }

  private async execute({ run, during, faults }: Run): Promise<Ended<RunResult | ReconciliationResult>> {
    const { source } = this.habitat;
    source.store.log.push(`${run} begins`);
    source.expect({ during, faults });
    const ended =
      run === 'reconciliation'
        ? await this.habitat.execute<ReconciliationResult>(workflowNames.reconciliation)
        : await this.habitat.execute<RunResult>(workflowNames.deltaSync, { full: run === 'full' });
    source.expect(quiet);
    const said = ended.failed ? `fails: ${ended.type}: ${ended.message}` : `ends: ${JSON.stringify(ended.result)}`;
    source.store.log.push(`${run} ${said}`);
    if (!ended.failed && ended.result.outcome !== 'succeeded')
      throw new Error(`a ${run} ended as ${ended.result.outcome}: ${JSON.stringify(ended.result)}`);
    return ended;
  }

  private snapshot(): ReadonlyMap<number, ZooRecord> {
    return new Map(this.habitat.source.store.records);
  }

  /** What did not change while a run ran is in the table when it has succeeded, and nothing that lived all the while is deleted. */
  private async nothingLost({ run }: Run, before: ReadonlyMap<number, ZooRecord>): Promise<void> {
    const { store } = this.habitat.source;
    const rows = await storedRows(this.zoo.engine.db, this.habitat.connectionId);
    for (const [slot, record] of before) {
      if (store.records.get(slot) !== record) continue;
      const row = rows.get(record.id);
      // an id that was created again is disputed for a while
      if (store.createdAgain.has(slot) || row?.disputed) continue;
      const differs = difference(store.world, record, row);
      if (differs !== undefined) throw new Error(`after a ${run} that succeeded, ${record.id} ${differs}`);
    }
  }

  private async allEqual(): Promise<void> {
    const { store } = this.habitat.source;
    const rows = await storedRows(this.zoo.engine.db, this.habitat.connectionId);
    const found: string[] = [];
    for (const record of store.records.values()) {
      const differs = difference(store.world, record, rows.get(record.id));
      if (differs !== undefined) found.push(`${record.id} ${differs}`);
    }
    const live = new Set([...store.records.values()].map(({ id }) => id));
    for (const row of rows.values())
      if (!row.deleted && !live.has(row.id)) found.push(`${row.id} is gone, but its row is live`);
    if (found.length > 0) throw new Error(`after the last reconciliation, under "equal": ${found.join('; ')}`);
  }
}
