import type { Connector } from '../../../schema/definition/connector';
import type { Settings } from '../../../schema/settings/settings';
import { doctor } from '../../operations/doctor';
import type { Checkup } from '../../operations/doctor/checkup';
import { type AddCommand, addCommand, perform } from '../command';
import { exitStatus } from '../failure';
import { diskSpace } from '../processes/diskSpace';
import { plural } from '../terminal/phrases';
import { wait } from '../terminal/progress';
import { resolveEnvironment } from '../terminal/session';
import type { Colours, Shell } from '../terminal/shell';

export const addDoctor: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'doctor',
    summary: doctor.summary,
    ...(doctor.details === undefined ? {} : { details: doctor.details }),
    examples: ['doctor', 'doctor --json'],
  }).action(
    perform(onEnd, async (shell) => {
      const waiting = await wait('examining');
      const checkups = await examine(shell).finally(() => waiting.done());
      const ok = checkups.every((one) => one.ok);
      shell.result({ ok, checkups }, () => doctorText(shell.colours, checkups));
      return ok ? undefined : exitStatus.failed;
    }),
  );
};

const mebibyte = 1024 * 1024;
const leastFreeBytes = 500 * mebibyte;

async function examine(shell: Shell): Promise<readonly Checkup[]> {
  const { check } = await import('../../operations/doctor/checkup.js');
  let settings: Settings | undefined;
  let connectors: readonly Connector[] = [];
  const first = [
    await check('settings', async () => {
      const { readSettings } = await import('../../../schema/settings/settings.js');
      settings = readSettings(await resolveEnvironment(shell));
      return shell.env.DATABASE_URL ? 'from the environment' : 'of the stack in this folder';
    }),
    await check('connectors', async () => {
      const { loadConfig } = await import('../../config.js');
      const { file, connectors: found } = await loadConfig(shell.cwd, shell.configFile);
      connectors = found;
      return `${found.map(({ name }) => name).join(', ')} (${file ?? 'bundled'})`;
    }),
    await check('disk', async () => {
      const { free, share } = await diskSpace(shell.cwd);
      const space = `${Math.round(free / mebibyte).toLocaleString('en')} MB free here (${Math.round(share * 100)} %)`;
      if (free >= leastFreeBytes) return space;
      throw new Error(`${space}: make room before PostgreSQL stops taking writes`);
    }),
  ];
  return settings === undefined ? first : [...first, ...(await examineServers(settings, connectors))];
}

/** What the operation checks, over connections of its own: the database may be down, or not migrated yet. */
async function examineServers(settings: Settings, connectors: readonly Connector[]): Promise<readonly Checkup[]> {
  const { openContext } = await import('../../operations/definition/openContext.js');
  const { examine } = await import('../../operations/doctor/examine.js');
  const { context, close } = await openContext(settings, { connectors: async () => connectors });
  try {
    return (await examine(context)).checkups;
  } finally {
    await close();
  }
}

function doctorText({ green, red }: Colours, checkups: readonly Checkup[]): string {
  const width = Math.max(...checkups.map(({ name }) => name.length));
  const lines = checkups.map(
    ({ name, ok, found, fix }) =>
      `${ok ? green('ok   ') : red('wrong')}  ${name.padEnd(width)}  ${found}${fix === null ? '' : `: ${fix}`}`,
  );
  const wrong = checkups.filter(({ ok }) => !ok).length;
  return [...lines, wrong === 0 ? 'All is well.' : `${plural(wrong, 'thing is', 'things are')} wrong.`].join('\n');
}
