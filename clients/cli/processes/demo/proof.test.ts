import { exitStatus } from '../../failure';
import { coloursFor, type Shell } from '../../terminal/shell';
import { proveSteps } from './proof';
import type { Finding, Step } from './steps';

/** A shell whose results are kept, as text and as JSON. */
function keptShell() {
  const texts: string[] = [];
  const documents: unknown[] = [];
  const shell: Shell = {
    ...{ cwd: '/', env: { NO_COLOR: '1' }, json: true, configFile: undefined },
    colours: coloursFor(process.stdout, { NO_COLOR: '1' }),
    result(document, text) {
      documents.push(document);
      texts.push(text());
    },
    say() {},
  };
  return { shell, texts, documents };
}

const finds = (name: string, found: Finding, expected: Finding = { rows: 1 }): Step => ({
  ...{ name, act: async () => undefined, withinMs: 0 },
  ...{ expected: async () => expected, found: async () => found },
});

function prove(...steps: readonly Step[]) {
  const { shell, texts, documents } = keptShell();
  const proved = proveSteps(shell, new AbortController().signal, steps, { begun: Date.now() });
  return proved.then((status) => ({ status, text: texts.join(''), document: documents[0] }));
}

test('steps that find what they expect are proved', async () => {
  expect(await prove(finds('a row', { rows: 1 }))).toMatchObject({
    status: exitStatus.done,
    text: expect.stringContaining('Proved'),
    document: { ok: true },
  });
});

test('a promise that is not kept is named, and the exit status says so; the other steps are tried', async () => {
  expect(
    await prove(finds('a row', { rows: 1 }), finds('one row', { rows: 2 }), finds('more', { rows: 1 })),
  ).toMatchObject({
    status: exitStatus.failed,
    text: 'Not proved: one row.',
    document: { ok: false, steps: [{ ok: true }, { name: 'one row', ok: false, found: { rows: 2 } }, { ok: true }] },
  });
});

test('a step that cannot be done is named with its error, and is the last', async () => {
  const broken: Step = {
    ...finds('a delta', { rows: 1 }),
    act: () => Promise.reject(new Error('the source is down')),
  };
  expect(await prove(finds('a row', { rows: 1 }), broken, finds('never tried', { rows: 1 }))).toMatchObject({
    status: exitStatus.failed,
    text: 'Not proved: a delta. Not tried: 1 further step.',
    document: { ok: false, steps: [{ ok: true }, { ok: false, found: { error: 'the source is down' } }] },
  });
});
