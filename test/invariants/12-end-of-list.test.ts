import type { FaultRuleInput } from '../../connectors/simulator/faults';
import { type Engine, startChurch } from '../support/engine';
import { type Control, cursor, expectEqual, failureOf, lastRun } from './support';

/**
 * Invariant 12: the end of a list is proved. What each paging scheme notices is tested in source/paging; here, that a run then
 * fails, that the cursor stays, and that nothing passes for complete that is not. Scans: see 03-no-false-delete.
 */
const size = 350;
let engine: Engine;
let control: Control;

beforeAll(async () => {
  ({ engine, control } = await startChurch({ people: size }, { giveUpAfterMs: 0 }));
});
beforeEach(() => control.clearFaults());

const unproved: readonly [string, FaultRuleInput['fault'], string][] = [
  ['an empty page, with more promised', { kind: 'shortPage', keep: 0 }, 'ContractBroken'],
  ['a total that is higher than what came', { kind: 'wrongTotal', by: 40 }, 'ContractBroken'],
  ['a total that is lower than what came', { kind: 'wrongTotal', by: -40 }, 'ContractBroken'],
  ['a next page that is the same again', { kind: 'repeatNext' }, 'ContractBroken'],
  ['a body that is an error', { kind: 'errorBody' }, 'ContractBroken'],
  ['a body that is null', { kind: 'null' }, 'ContractBroken'],
  ['no body', { kind: 'empty' }, 'ContractBroken'],
  ['a body cut short', { kind: 'truncatedJson' }, 'SourceUnreachable'],
  ['a list whose pages are refused half-way', { kind: 'status', status: 400 }, 'ContractBroken'],
];

describe('a first sync that meets', () => {
  test.each(unproved)('%s has not ended, and there is no cursor', async (_what, fault, type) => {
    control.addFault({ match: '/people/v2/people?', skip: 1, fault });
    expect(await failureOf(engine.delta('people'))).toBe(type);
    expect(await cursor(engine)).toBeNull();
    expect(await lastRun(engine)).toMatchObject({ status: 'failed', errorType: type });
  });

  test('nothing of it is complete', async () => {
    const result = await engine.delta('people');
    expect(result.counts.inserted + result.counts.updated + result.counts.unchanged).toBe(size);
    await expectEqual(engine, control);
  });
});

describe('a delta that meets', () => {
  beforeAll(() => {
    control.bulk(
      [...control.all('people')].map(({ id }) => ({
        do: 'change',
        entity: 'people',
        id,
        attributes: { last_name: 'Changed' },
      })),
    );
  });

  // those that are tried four times first were seen above
  const atOnce = unproved.filter(([, { kind }]) => kind !== 'empty' && kind !== 'truncatedJson');

  test.each(atOnce)('%s leaves the cursor', async (_what, fault, type) => {
    const before = await cursor(engine);
    control.addFault({ match: 'where[updated_at]', skip: 1, fault });
    expect(await failureOf(engine.delta('people'))).toBe(type);
    expect(await cursor(engine)).toBe(before);
    expect(await lastRun(engine)).toMatchObject({ status: 'failed', errorType: type, cursorAfter: null });
  });

  test('nothing of it finds what is left afterwards', async () => {
    await engine.delta('people');
    await expectEqual(engine, control);
  });
});

test.each<[string, FaultRuleInput['fault']]>([
  ['capped at less than was asked', { kind: 'capPageSize', max: 60 }],
  ['shorter than asked, with more promised', { kind: 'shortPage', keep: 60 }],
])('pages that are %s are read on where they ended', async (_what, fault) => {
  control.addFault({ fault, count: 5 });
  const result = await engine.delta('people', true);
  expect(result.counts.unchanged).toBe(size);
  expect(result.pages).toBeGreaterThan(4);
});
