import { pathOf } from '../../clients/http/api/project';
import { operations } from '../../clients/operations';
import { type Case, casesOf, planThatWaits } from './cases';
import { type BothWays, bothWays, type Document, outcomeOf } from './support';

/** Each operation by the command line and by HTTP: the same input gives the same JSON. */

let both: BothWays;
/** by name */
let cases: Readonly<Record<string, () => Case>>;

beforeAll(async () => {
  both = await bothWays({ people: 40, donations: 5 });
  await both.engine.delta('people');
  cases = casesOf(both, await planThatWaits(both));
}, 180_000);

jest.setTimeout(180_000);

test('every operation has a case', () => {
  // the command also checks this machine
  const others = operations.map(({ name }) => name).filter((name) => name !== 'doctor');
  expect(Object.keys(cases).sort()).toEqual(others.sort());
});

/** Without these fields, however deep. */
const without = (document: Document, names: readonly string[] = []) =>
  JSON.parse(JSON.stringify(document, (name, value) => (names.includes(name) ? undefined : value)));

test.each(operations.filter(({ name, effect }) => effect !== 'start' && name !== 'doctor').map(({ name }) => [name]))(
  '%s: --json prints what HTTP responds',
  async (name) => {
    const operation = operations.find((one) => one.name === name);
    if (operation === undefined) throw new Error(name);
    const { input, args, env, before, changing, refused } = cases[name]?.() ?? { input: {}, args: [] };
    await before?.();
    // an operation without a command of its own: its words are among the arguments
    const words = operation.command === undefined ? name.split(' ') : [];
    const cli = await both.cli([...words, ...args], env);
    expect(cli).toMatchObject({ status: refused?.exit ?? 0 });
    await before?.();
    const { path, values } = placed(pathOf(operation), input);
    const http = await both.http(operation.effect === 'look' ? 'GET' : 'POST', path, values);
    expect(http).toMatchObject({ status: refused?.http ?? 200 });
    if (refused) {
      expect(cli.document.error).toMatchObject({ message: http.document.detail });
      return;
    }
    expect(Object.keys(cli.document).length).toBeGreaterThan(0);
    expect(without(cli.document, changing)).toEqual(without(http.document, changing));
  },
);

test.each(operations.filter(({ effect }) => effect === 'start').map(({ name }) => [name]))(
  '%s: --json prints the outcome that HTTP responds with',
  async (name) => {
    const operation = operations.find((one) => one.name === name);
    if (operation === undefined) throw new Error(name);
    const { input, args, before, refused } = cases[name]?.() ?? { input: {}, args: [] };
    await before?.();
    const started = await both.cli([...name.split(' '), ...args, '--no-wait']);
    if (refused) {
      const http = await both.http('POST', pathOf(operation), input);
      expect([started.status, http.status]).toEqual([refused.exit, refused.http]);
      expect(started.document.error).toMatchObject({ message: http.document.detail });
      return;
    }
    for (const handle of handlesOf(started.document)) await outcomeOf(both, handle);
    await before?.();
    const { path, values } = placed(pathOf(operation), input);
    const http = await both.http('POST', path, values);
    expect(http).toMatchObject({ status: 202 });
    expect(shape(started.document)).toEqual(shape(http.document));
    for (const handle of handlesOf(http.document)) await outcomeOf(both, handle);
    await before?.();
    const { document } = await both.cli([...name.split(' '), ...args]);
    const outcomes = (document.outcomes as Document[] | undefined) ?? [document];
    expect(outcomes.length).toBeGreaterThan(0);
    for (const outcome of outcomes) expect(outcome).toEqual(await outcomeOf(both, outcome));
  },
);

/** Fields in braces go into the path. */
function placed(path: string, input: Document): { path: string; values: Document } {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
  const filled = path.replace(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(String(input[name])));
  return { path: filled, values: without(input, inPath) };
}

function handlesOf(document: Document): Document[] {
  return (document.started as Document[] | undefined) ?? [document];
}

/** Without what is new in each execution. */
function shape(document: Document): unknown {
  return JSON.parse(JSON.stringify(document, (name, value) => (name === 'workflowRunId' ? 'a new one' : value)));
}
