import { storeEvents } from '../../destination/inbox/inbox';
import type { Target } from '../../schema/workflows';
import { deltaSync, reconciliation, singleRecord, syncRecords } from '../../workflows';
import type { Attempt, Flow } from './attempt';
import { type Command, Expectations, type History, mutate, restore } from './history';
import type { Gate } from './scheduler';
import { readLagMs, shapes } from './shapes';
import { idOf, ModelSource, sentinel } from './source';
import { Trace } from './trace';
import { Witness } from './witness';
import type { World } from './world';

const hour = 3_600_000;
/** longer than a run's lease: runs whose workflow was terminated are then settled by the next one */
const pastLeaseMs = 61_000;
/** A history that needs more steps to come to rest than this never comes to rest. */
const stepsAtMost = 1_500;

/** Plays one history; throws when it breaks an invariant, with everything that happened. */
export async function play(world: World, history: History): Promise<void> {
  const { timeline } = world;
  timeline.restart();
  timeline.uncertainty = history.uncertainty;
  const player = new Player(world, history, await world.newConnection());
  try {
    await player.begin();
    for (const command of history.commands) await player.carryOut(command);
    await player.finish();
  } catch (error) {
    player.trace.note(`${world.scheduler.describe()}`);
    if (error instanceof Error) error.message = `${error.message}\n${player.trace.text}`;
    throw error;
  } finally {
    await player.leave();
  }
}

class Player {
  readonly trace: Trace;
  private readonly world: World;
  private readonly history: History;
  private readonly target: Target;
  private readonly source: ModelSource;
  private readonly expected = new Expectations();
  private readonly witness: Witness;
  private events = 0;

  constructor(world: World, history: History, connectionId: string) {
    this.world = world;
    this.history = history;
    this.trace = new Trace(() => world.timeline.now);
    this.source = new ModelSource(shapes[history.shape], world.timeline, history.skew);
    this.target = { connectionId, entity: history.shape };
    this.witness = new Witness(world.db, this.target, this.source, this.expected, history, this.trace);
    world.server.source = this.source;
    world.server.trace = this.trace;
    world.flows.all.length = 0;
  }

  /** The records that are there at the start, an hour old, synced already or not. */
  async begin(): Promise<void> {
    const { timeline } = this.world;
    const { shape } = this.source;
    const ids = [sentinel, ...Array.from({ length: this.history.seed }, (_, slot) => idOf(slot))];
    for (const id of ids) {
      const updated = shape.nulls && id !== sentinel ? null : this.source.clock;
      this.source.put(id, { updated, name: this.source.freshName() });
      timeline.pass(1);
    }
    timeline.pass(hour);
    if (!this.history.synced) return;
    this.start('full');
    await this.drain();
    timeline.pass(hour);
  }

  async carryOut(command: Command): Promise<void> {
    const { timeline, flows } = this.world;
    this.trace.note(JSON.stringify(command));
    switch (command.do) {
      case 'start':
        this.start(command.flow);
        break;
      case 'record':
        this.startRecord(idOf(command.slot));
        break;
      case 'step':
        return this.step(command);
      case 'wait':
        timeline.pass(command.ms);
        break;
      case 'tie': {
        const live = [...this.source.records.keys()].filter((id) => this.source.isLive(id));
        for (const id of live)
          mutate(this.source, this.expected, this.history, { do: 'update', slot: Number(id.slice(1)) }, id);
        break;
      }
      case 'restore':
        restore(this.source, this.expected, timeline.now - command.ago);
        break;
      case 'webhook':
        await this.webhook(command.slot, command.copies, command.wakes);
        break;
      case 'kill': {
        const attempt = this.attemptAt(command.pick);
        if (attempt) flows.kill(attempt, command.committed);
        break;
      }
      case 'abandon':
        this.attemptAt(command.pick)?.abandon();
        break;
      case 'freeze': {
        const attempt = this.attemptAt(command.pick);
        // what a frozen process holds locked stays locked until PostgreSQL misses it: that is not what this is about
        if (!attempt || this.frozen() || this.world.scheduler.gatesOf(attempt).some(({ kind }) => kind === 'commit'))
          break;
        attempt.frozen = true;
        attempt.abandon();
        break;
      }
      case 'terminate': {
        const running = flows.all.filter(({ status }) => status === 'RUNNING');
        const flow = running[command.pick % Math.max(1, running.length)];
        if (flow) flows.terminate(flow);
        break;
      }
      default:
        mutate(this.source, this.expected, this.history, command, idOf(command.slot));
    }
    await this.settle();
  }

  /** The dust settles: whatever is under way ends; then one delta, one reconciliation, and all is compared. */
  async finish(): Promise<void> {
    const { timeline, flows, scheduler } = this.world;
    this.trace.note('the dust settles');
    await this.drain();
    if (flows.all.some(({ status }) => status === 'TERMINATED')) timeline.pass(pastLeaseMs);
    if (this.history.replicaLag > 0) timeline.pass(this.history.replicaLag + 1);
    if (!this.history.straight) {
      timeline.pass(readLagMs + 1_000);
      await this.sweep();
    }
    this.trace.note('one delta');
    this.succeeded(await this.run('delta'));
    this.trace.note('one reconciliation');
    this.succeeded(await this.run('reconciliation'));
    await this.witness.expectEqual('after one delta and one reconciliation');

    this.trace.note('attempts thought dead wake up');
    for (const gate of scheduler.held()) if (gate.attempt) gate.attempt.frozen = false;
    await this.settle();
    await this.drain();
    // what they had received lies before the line; without the wait before, some of it may lie behind, and is asked again
    if (!this.history.straight) await this.witness.expectEqual('as soon as everybody has woken up');
    timeline.pass(readLagMs + 1_000);
    await this.sweep();
    await this.witness.expectEqual('after everybody has woken up');
    await this.witness.expectDone();
    timeline.pass(pastLeaseMs);
    await this.witness.expectNoneRuns();
  }

  /** Whatever went wrong: nothing of this history reaches into the next. */
  async leave(): Promise<void> {
    const { scheduler, flows } = this.world;
    for (const flow of flows.all) if (flow.status === 'RUNNING') flow.status = 'TERMINATED';
    while (scheduler.alive.size > 0 || scheduler.held().length > 0) {
      for (const attempt of scheduler.alive) flows.kill(attempt, false);
      for (const gate of scheduler.held()) scheduler.refuse(gate);
      await scheduler.settle();
    }
  }

  private async run(flow: 'delta' | 'reconciliation'): Promise<Flow> {
    const started = this.start(flow);
    await this.drain();
    return started;
  }

  private succeeded({ name, status, result, failure }: Flow): void {
    const { outcome } = (result ?? {}) as { outcome?: string };
    if (status === 'COMPLETED' && outcome === 'succeeded') return;
    throw new Error(
      `${name} should have succeeded: ${status} ${outcome ?? ''} ${String(failure ?? '')} ${String((failure as Error | undefined)?.cause ?? '')}`,
    );
  }

  /** What the sweep of every minute would have done: the inbox, and disputes that are due. */
  private async sweep(): Promise<void> {
    if (!this.source.shape.one) return;
    this.start('inbox');
    await this.drain();
    this.start('disputes');
    await this.drain();
  }

  private start(flow: 'delta' | 'full' | 'reconciliation' | 'inbox' | 'disputes'): Flow {
    const { flows } = this.world;
    const run = { ...this.target, trigger: 'api' as const };
    switch (flow) {
      case 'delta':
      case 'full':
        return this.watched(flows.start(deltaSync, { ...run, full: flow === 'full' }));
      case 'reconciliation':
        return flows.start(reconciliation, run);
      case 'inbox':
      case 'disputes':
        return flows.start(syncRecords, { ...this.target, batch: { of: flow } });
    }
  }

  private startRecord(id: string): void {
    if (this.source.shape.one) this.world.flows.start(singleRecord, { ...this.target, id });
  }

  private watched(flow: Flow): Flow {
    this.witness.deltaStarted(flow);
    return flow;
  }

  private async webhook(slot: number, copies: number, wakes: 'record' | 'inbox' | null): Promise<void> {
    if (!this.source.shape.one) return;
    const id = idOf(slot);
    const eventId = `e${++this.events}`;
    await this.world.timeline.tell();
    for (let copy = 0; copy < copies; copy++) {
      await storeEvents(this.world.db, [
        {
          connectionId: this.target.connectionId,
          eventId,
          type: 'changed',
          entity: this.target.entity,
          id,
          headers: {},
          body: '{}',
        },
      ]);
    }
    if (wakes === 'record') this.startRecord(id);
    if (wakes === 'inbox') this.start('inbox');
  }

  private async step({ times, pick, pass, stale }: Extract<Command, { do: 'step' }>): Promise<void> {
    const { scheduler, timeline } = this.world;
    for (let time = 0; time < times; time++) {
      const ready = scheduler.ready();
      const gate = ready[pick % Math.max(1, ready.length)];
      if (!gate) return;
      timeline.pass(pass);
      await this.open(gate, Math.min(stale, this.history.replicaLag));
    }
  }

  private async open(gate: Gate, stale: number): Promise<void> {
    const { scheduler, timeline } = this.world;
    if (gate.due !== undefined && gate.due > timeline.now) timeline.pass(gate.due - timeline.now);
    this.trace.note(
      `  ${gate.flow.name} ${gate.attempt ? `${gate.attempt.activity} #${gate.attempt.number} ` : ''}${gate.kind} ${gate.label === gate.kind ? '' : gate.label}`,
    );
    scheduler.open(gate, { stale });
    await this.settle();
    // one that waits for the lock of the former's commit has not taken over yet
    if (gate.kind === 'claim' && gate.attempt && !scheduler.isAsking(gate.attempt)) {
      gate.attempt.fence.latest = Math.max(gate.attempt.fence.latest, gate.attempt.number);
    }
    if (gate.kind === 'commit') await this.witness.look(gate.attempt);
  }

  private async settle(): Promise<void> {
    await this.world.scheduler.settle();
    await this.witness.endings(this.world.flows.all);
  }

  /** Lets everything go on, in turn, until nothing is left but what is frozen. */
  private async drain(): Promise<void> {
    const { scheduler, timeline, flows } = this.world;
    await this.settle();
    for (let steps = 0; steps < stepsAtMost; steps++) {
      const ready = scheduler.ready();
      const timers = ready.filter(({ kind }) => kind === 'timer').sort((a, b) => (a.due ?? 0) - (b.due ?? 0));
      const gate = ready.find(({ kind }) => kind !== 'timer') ?? timers[0];
      if (!gate) {
        const stuck = flows.all.filter(({ status, attempt }) => status === 'RUNNING' && !attempt?.frozen);
        if (stuck.length > 0)
          throw new Error(`nothing goes on, but these have not ended: ${stuck.map(({ name }) => name).join(', ')}`);
        return;
      }
      timeline.pass(1);
      await this.open(gate, 0);
    }
    throw new Error('it never comes to rest');
  }

  /** Of all attempts that wait, the one at this place. */
  private attemptAt(pick: number): Attempt | undefined {
    const attempts = [...new Set(this.world.scheduler.ready().flatMap(({ attempt }) => attempt ?? []))];
    return attempts[pick % Math.max(1, attempts.length)];
  }

  private frozen(): boolean {
    return this.world.scheduler.held().some(({ attempt }) => attempt?.frozen);
  }
}
