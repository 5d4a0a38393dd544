import { bestReading, judgeRelated } from './relatedRule';

/**
 * One record with one phone number that is listed apart from it. The number changes once; each of two flows reads the record and then the
 * numbers, the second reading often late, because the source said wait or a page was slow. Shares are of the histories in which the
 * older number is held and nothing says so.
 */
interface Flow {
  readonly record: { readonly sent: number; readonly received: number; readonly version: number };
  readonly phone: { readonly sent: number; readonly received: number; readonly value: 'old' | 'new' };
}

const lag = 10;
const histories = 20_000;

/** A small generator, so that every run plays the same histories. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

function play(next: () => number): [Flow, Flow] {
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  const phoneChanges = between(0, 80);
  const recordChanges = between(0, 80);
  const flow = (): Flow => {
    const sent = between(0, 60);
    const received = sent + between(1, 3);
    const phoneSent = received + (next() < 0.4 ? between(20, 60) : between(0, 2));
    const phoneReceived = phoneSent + between(1, 3);
    // what is shown is the state of an instant between the sending less the read lag, and the receiving
    const shown = (from: number, to: number) => from - lag + next() * (to - from + lag);
    return {
      record: { sent, received, version: shown(sent, received) >= recordChanges ? 2 : 1 },
      phone: {
        ...{ sent: phoneSent, received: phoneReceived },
        value: shown(phoneSent, phoneReceived) >= phoneChanges ? 'new' : 'old',
      },
    };
  };
  return [flow(), flow()];
}

interface Held {
  readonly value: 'old' | 'new';
  readonly disputed: boolean;
}

/** What a rule that takes both for one answer, with these times, holds in the end: rank is (version, sent). */
function asOne(flows: readonly Flow[], timesOf: (flow: Flow) => { sent: number; received: number }): Held {
  const [a, b] = flows.map((flow) => ({ ...timesOf(flow), version: flow.record.version, value: flow.phone.value }));
  if (a === undefined || b === undefined) throw new RangeError('two flows are compared');
  const [low, high] = [a, b].sort((x, y) => x.version - y.version || x.sent - y.sent || x.received - y.received);
  if (low === undefined || high === undefined) throw new RangeError('two flows are compared');
  const disputed =
    low.value !== high.value &&
    (low.version === high.version
      ? low.sent <= high.received + lag && high.sent <= low.received + lag
      : low.sent > high.sent);
  return { value: high.value, disputed };
}

/** What the rule holds that takes the phone numbers for an answer of their own. */
function asTwo([first, second]: readonly [Flow, Flow]): Held {
  const { wins, overlap } = judgeRelated(second.phone, first.phone, lag);
  return {
    value: wins ? second.phone.value : first.phone.value,
    disputed: overlap && first.phone.value !== second.phone.value,
  };
}

/** The share of histories in which one flow saw the new number and the old one stays, undisputed. */
function shareOfLost(rule: (flows: [Flow, Flow]) => Held): number {
  const next = random(7);
  let lost = 0;
  for (let history = 0; history < histories; history++) {
    const flows = play(next);
    const held = rule(flows);
    const seen = flows.some(({ phone }) => phone.value === 'new');
    if (seen && held.value === 'old' && !held.disputed) lost += 1;
  }
  return lost / histories;
}

test('with the record’s times for both, or the least and the greatest of both, an older phone number stays undisputed', () => {
  expect(shareOfLost((flows) => asOne(flows, ({ record }) => record))).toBeGreaterThan(0.01);
  const widest = ({ record, phone }: Flow) => ({
    sent: Math.min(record.sent, phone.sent),
    received: Math.max(record.received, phone.received),
  });
  expect(shareOfLost((flows) => asOne(flows, widest))).toBeGreaterThan(0.002);
});

test('as an answer of its own it never does, in whichever order the two are written', () => {
  expect(shareOfLost(asTwo)).toBe(0);
  expect(shareOfLost(([first, second]) => asTwo([second, first]))).toBe(0);
});

test('the order in which readings are written does not matter but where the row is disputed', () => {
  const next = random(11);
  let undisputed = 0;
  let unlike = 0;
  for (let history = 0; history < histories; history++) {
    const [first, second] = play(next);
    const forth = asTwo([first, second]);
    const back = asTwo([second, first]);
    if (!forth.disputed) undisputed += 1;
    if (forth.disputed !== back.disputed || (!forth.disputed && forth.value !== back.value)) unlike += 1;
  }
  expect(unlike).toBe(0);
  expect(undisputed).toBeGreaterThan(histories / 2);
});

test('of several readings in one batch the one that was sent last stays, and one that overlaps it and differs is noticed', () => {
  const reading = (sent: number, json: string) => ({ sent, received: sent + 1, json, count: 1 });
  expect(bestReading([reading(0, 'a'), reading(50, 'b')], lag)).toEqual({
    part: reading(50, 'b'),
    contradicted: false,
  });
  expect(bestReading([reading(50, 'b'), reading(45, 'a')], lag)).toMatchObject({ contradicted: true });
  expect(bestReading([reading(50, 'b'), reading(45, 'b')], lag)).toMatchObject({ contradicted: false });
  expect(bestReading([], lag)).toBeUndefined();
});
