import type { ProbeResult } from '../../schema/definition/checks';
import { type ReconciliationResult, type RunResult, workflowNames } from '../../schema/workflows';
import { checkCounts } from '../soak/checks';
import type { Ended, Habitat, Zoo } from './engine';
import { flawsOf, mayMention } from './flaws';
import { allDifferences, lostDifferences } from './oracle';
import type { ZooRecord } from './record';
import { story } from './story';
import type { Plan, Run } from './world';

/** Plays one plan; throws with the whole story where source and table disagree under a run that says it succeeded. */
export async function play(zoo: Zoo, plan: Plan): Promise<void> {
  const habitat = await zoo.open(plan.world);
  const player = new Player(zoo, plan, habitat);
  try {
    await player.play();
  } catch (error) {
    if (error instanceof Admitted) return;
    if (!(error instanceof Wrong)) throw error;
    if (await player.probeContradicts()) return;
    throw new Error(story(plan, error.message, habitat.source.store.log));
  } finally {
    habitat.leave();
  }
}

/** Something that must not be. */
class Wrong extends Error {}

/** The engine has said that this source and its definition do not fit each other. */
class Admitted extends Error {}

const quiet = { during: [], faults: [] } as const;

class Player {
  private readonly zoo: Zoo;
  private readonly plan: Plan;
  private readonly habitat: Habitat;
  private readonly flawed: boolean;

  constructor(zoo: Zoo, plan: Plan, habitat: Habitat) {
    this.zoo = zoo;
    this.plan = plan;
    this.habitat = habitat;
    this.flawed = flawsOf(plan.world).length > 0;
  }

  async play(): Promise<void> {
    if (this.plan.probed && !this.flawed) await this.agreesWithItsProbe();
    for (const step of this.plan.steps) {
      if ('do' in step) this.habitat.source.store.apply(step);
      else await this.run(step);
    }
    await this.finish();
  }

  /** Whether a probe says that this definition is wrong: then it need not work. */
  async probeContradicts(): Promise<boolean> {
    return this.flawed && (await this.contradictions()).length > 0;
  }

  private async agreesWithItsProbe(): Promise<void> {
    const [finding] = await this.contradictions();
    if (finding !== undefined) throw new Wrong(`the definition is right, but its probe says: ${finding}`);
  }

  private async contradictions(): Promise<string[]> {
    const { source } = this.habitat;
    source.store.log.push('a probe begins');
    source.expect(quiet);
    const probed = await this.habitat.execute<ProbeResult>(workflowNames.probe);
    if (probed.failed) throw new Wrong(`the probe failed: ${probed.type}: ${probed.message}`);
    return probed.result.findings
      .filter((finding) => finding.verdict === 'contradicts' && !mayMention(this.plan.world, finding))
      .map(({ about, finding }) => `${about}: ${finding}`);
  }

  /** A run in the middle: it may fail where the list moved under it, but what it says must be so. */
  private async run(run: Run): Promise<void> {
    const before = new Map(this.habitat.source.store.records);
    const ended = await this.execute(run);
    if (ended.failed) {
      const excused = run.during.length > 0 || run.faults.some(({ fault }) => fault.meets === 'error behind 200');
      if (excused && ended.type === 'ContractBroken') return;
      throw new Wrong(`a ${run.run} failed: ${ended.type}: ${ended.message}`);
    }
    await this.nothingLost(run, before);
  }

  /** Nothing changes any more: one delta and one reconciliation later, all is equal, and then nothing is left to do. */
  private async finish(): Promise<void> {
    const { lastFaults, probed } = this.plan;
    await this.run({ run: 'delta', during: [], faults: lastFaults });
    const ended = await this.execute({ run: 'reconciliation', during: [], faults: lastFaults });
    if (ended.failed) throw new Wrong(`the last reconciliation failed: ${ended.type}: ${ended.message}`);
    const { store } = this.habitat.source;
    const found = await allDifferences(this.zoo.db, this.habitat.connectionId, store);
    if (found.length > 0) throw new Wrong(`after the last reconciliation, which succeeded: ${found.join('; ')}`);
    await this.countsAddUp();
    if (!probed) return;
    const again = await this.execute({ run: 'reconciliation', ...quiet });
    if (again.failed) throw new Wrong(`a further reconciliation failed: ${again.type}: ${again.message}`);
    const { missing, stale, deleted } = again.result as ReconciliationResult;
    if (missing + stale + deleted > (this.plan.world.refusedSlot === null ? 0 : 1))
      throw new Wrong(`all is equal, but one more reconciliation says ${JSON.stringify({ missing, stale, deleted })}`);
  }

  private async execute({ run, during, faults }: Run): Promise<Ended<RunResult | ReconciliationResult>> {
    const { source } = this.habitat;
    source.store.log.push(`${run} begins`);
    source.expect({ during, faults });
    this.habitat.loseResults(faults.flatMap(({ at, fault }) => (fault.meets === 'lost result' ? [at] : [])));
    const waitsLong = faults.some(({ fault }) => fault.meets === 'wait' && fault.says === 'an hour');
    const endOfWaits = waitsLong ? this.habitat.endWaits() : undefined;
    const ends = await Promise.all(
      run === 'both' ? [this.start('delta'), this.start('reconciliation')] : [this.start(run)],
    );
    source.expect(quiet);
    this.habitat.loseResults([]);
    await this.habitat.settle();
    await endOfWaits?.();
    for (const ended of ends) {
      const said = ended.failed ? `fails: ${ended.type}: ${ended.message}` : `ends: ${JSON.stringify(ended.result)}`;
      source.store.log.push(`${run} ${said}`);
      if (ended.failed && ended.type === 'ContractBroken' && this.flawed) throw new Admitted(ended.message);
      if (!ended.failed && ended.result.outcome !== 'succeeded')
        throw new Wrong(`a ${run} ended as ${ended.result.outcome}: ${JSON.stringify(ended.result)}`);
    }
    return ends.find(({ failed }) => failed) ?? (ends[0] as Ended<RunResult>);
  }

  private start(run: 'delta' | 'full' | 'reconciliation'): Promise<Ended<RunResult | ReconciliationResult>> {
    return run === 'reconciliation'
      ? this.habitat.execute<ReconciliationResult>(workflowNames.reconciliation)
      : this.habitat.execute<RunResult>(workflowNames.deltaSync, { full: run === 'full' });
  }

  private async countsAddUp(): Promise<void> {
    const { contradictions } = await checkCounts(this.zoo.db, this.habitat.connectionId);
    if (contradictions.length > 0) throw new Wrong(`counts do not add up: ${contradictions.join('; ')}`);
  }

  /** What did not change while a run ran is in the table when it has succeeded, and nothing that lived all the while is deleted. */
  private async nothingLost({ run }: Run, before: ReadonlyMap<number, ZooRecord>): Promise<void> {
    const { store } = this.habitat.source;
    const byVersion = run === 'reconciliation' && store.world.idsListing;
    const found = await lostDifferences(this.zoo.db, this.habitat.connectionId, store, before, byVersion);
    if (found.length > 0) throw new Wrong(`after a ${run} that succeeded: ${found.join('; ')}`);
  }
}
