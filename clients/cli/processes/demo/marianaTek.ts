import { join } from 'node:path';
import { choosePort } from '../../../../local/ports';
import { scriptArguments } from '../../../../local/script';
import { untilReady } from '../../../../local/supervise';
import { connect } from '../../../operations/connect';
import { readyContext } from '../../../operations/definition/context';
import { perform } from '../../../operations/definition/operation';
import { startWorkflow } from '../../../temporal/start';
import { delta } from '../../../temporal/workflows';
import type { ExitStatus } from '../../failure';
import { follow } from '../../terminal/follow';
import type { Shell } from '../../terminal/shell';
import type { Up } from '../up/bringUp';
import { answersHttp } from '../up/ready';
import { type AddBrand, entities, marianaTekProof } from './marianaTekSteps';
import { peakMegabytes } from './memory';
import { inTemporaryFolder, proveSteps } from './proof';
import { studiosAt } from './studioSimulator';

/** The brands, each a connection of its own. */
const sizes = { harbour: { customers: 2_000, bookings: 20_000 }, summit: { customers: 300, bookings: 1_500 } };
const simulator = join(__dirname, '..', '..', '..', '..', 'connectors', 'mariana-tek', 'simulator', 'main');

/** Proves the promises about Mariana Tek with two brands: one by user name and password, the other by its key and with other headers. */
export function demoMarianaTek(shell: Shell): Promise<ExitStatus> {
  return inTemporaryFolder(shell, undefined, async ({ up, over }) => {
    const begun = Date.now();
    const urls = await startSimulator(up);
    const addBrand = brandsOf(up);
    await addBrand('harbour', urls.harbour, { username: 'demo', password: 'demo' });
    await addBrand('summit', urls.summit, { apiKey: 'demo-key' });
    shell.say(`First sync of ${sizes.harbour.bookings.toLocaleString('en')} bookings, by a report that is a job …`);
    const deltas = ['harbour', 'summit'].flatMap((connectionId) =>
      entities.map(async (entity) => {
        const target = { connectionId, entity, trigger: 'cli' } as const;
        const { handle } = await startWorkflow({ db: up.db, client: up.client }, delta, target);
        return { name: `first sync of ${entity} of ${connectionId}`, handle };
      }),
    );
    await follow(shell, up.client, await Promise.all(deltas), over);
    const { steps, figures } = await marianaTekProof(up, studiosAt(urls.harbour), { addBrand, url: urls.harbour });
    const measured = () => ({ ...figures(), worker_peak_mb: peakMegabytes(up.worker.pid) });
    return proveSteps(shell, over, steps, { begun, figures: measured });
  });
}

/** The first brand's address serves the control API too. */
async function startSimulator({ stack }: Up): Promise<{ readonly harbour: string; readonly summit: string }> {
  const port = await choosePort(4030);
  const [harbour, summit] = [port, port + 1].map((one) => `http://127.0.0.1:${one}`) as [string, string];
  const brands = Object.entries(sizes).flatMap(([name, { customers, bookings }]) => [
    '--brand',
    `${name}:${customers}:${bookings}`,
  ]);
  const child = stack.run('simulator', [...scriptArguments(simulator), '--port', String(port), ...brands]);
  await untilReady(child, () => answersHttp(`${harbour}/control/status`));
  return { harbour, summit };
}

function brandsOf({ db, client, config, settings }: Up): AddBrand {
  return async (connection, baseUrl, secrets) => {
    const { keyRing } = await import('../../../../destination/connections/secrets.js');
    const { connectors } = config;
    const context = readyContext({ db, client, connectors, ring: keyRing(settings.encryptionKey) });
    // so rarely that the deltas of the proof are its own
    const schedules = Object.fromEntries(entities.map((entity) => [entity, { delta: { every: '12h' } }]));
    const made = {
      ...{ connection, connector: 'mariana_tek', settings: { baseUrl }, secrets },
      ...{ timeZone: 'UTC', schedules },
    };
    await perform(connect, context, made, { actor: 'cli', reason: 'tidemark demo mariana-tek' });
  };
}
