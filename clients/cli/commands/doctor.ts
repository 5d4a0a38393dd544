import type { Knex } from 'knex';
import type { Connector } from '../../../schema/definition/connector';
import type { Settings } from '../../../schema/settings';
import type { Checkup } from '../../operations/doctor/doctor';
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
    summary: 'check settings, PostgreSQL, Temporal, workers, schedules, keys, clock and disk',
    details:
      'Changes nothing. Each line says what is well or wrong, and what to do. Exit status 1 when something is wrong.',
    examples: ['doctor', 'doctor --json'],
  }).action(
    perform(onEnd, async (shell) => {
      const waiting = await wait('examining');
      const checkups = await examine(shell).finally(() => waiting.done());
      shell.result({ checkups }, () => doctorText(shell.colours, checkups));
      return checkups.every(({ ok }) => ok) ? undefined : exitStatus.failed;
    }),
  );
};

const mebibyte = 1024 * 1024;
const leastFreeBytes = 500 * mebibyte;

async function examine(shell: Shell): Promise<Checkup[]> {
  const { check } = await import('../../operations/doctor/doctor.js');
  let settings: Settings | undefined;
  let connectors: readonly Connector[] = [];
  const first = [
    await check('settings', async () => {
      const { readSettings } = await import('../../../schema/settings.js');
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
      const told = `${Math.round(free / mebibyte).toLocaleString('en')} MB free here (${Math.round(share * 100)} %)`;
      if (free >= leastFreeBytes) return told;
      throw new Error(`${told}: make room before PostgreSQL stops taking writes`);
    }),
  ];
  return settings === undefined ? first : [...first, ...(await examineServers(settings, connectors))];
}

async function examineServers(settings: Settings, connectors: readonly Connector[]): Promise<Checkup[]> {
  const { checkDatabase, checkTemporal } = await import('../../operations/doctor/doctor.js');
  const { connectDatabase } = await import('../../../destination/database/database.js');
  const { keyRing } = await import('../../../destination/connections/secrets.js');
  const { connectTemporalLater } = await import('../../temporal/temporal.js');
  const db: Knex = connectDatabase(settings.databaseUrl ?? '', { poolSize: 2, applicationName: 'tidemark cli' });
  const temporal = connectTemporalLater(settings);
  try {
    const database = await checkDatabase(db, () => keyRing(settings.encryptionKey), connectors);
    const usable = database.every(({ name, ok }) => ok || !['PostgreSQL', 'schema'].includes(name));
    return [...database, ...(await checkTemporal(temporal, usable ? db : undefined, connectors))];
  } finally {
    await db.destroy();
    await temporal.connection.close();
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
