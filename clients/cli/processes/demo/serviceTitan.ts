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
import { peakMegabytes } from './memory';
import { inTemporaryFolder, proveSteps } from './proof';
import { serviceTitanProof, workspaceId } from './serviceTitanSteps';
import { titanAt } from './titanSimulator';

const customers = 30_000;
const tenant = '410387862';
const simulator = join(__dirname, '..', '..', '..', '..', 'connectors', 'service-titan', 'simulator', 'main');

/** Proves the promises about ServiceTitan with a tenant of 30,000 customers, at its documented limit of 60 requests per second. */
export function demoServiceTitan(shell: Shell): Promise<ExitStatus> {
  return inTemporaryFolder(shell, undefined, async ({ up, over }) => {
    const begun = Date.now();
    const url = await startSimulator(up);
    await connectWorkspace(up, url);
    shell.say(`First sync of ${customers.toLocaleString('en')} customers, at 60 requests per second …`);
    const target = { connectionId: workspaceId, entity: 'customers' };
    const { handle } = await startWorkflow({ db: up.db, client: up.client }, delta, { ...target, trigger: 'cli' });
    await follow(shell, up.client, [{ name: 'first sync of customers', handle }], over);
    const titan = titanAt(url, tenant);
    const { steps, figures } = await serviceTitanProof(up, titan);
    const measured = () => ({ ...figures(), worker_peak_mb: peakMegabytes(up.worker.pid) });
    return proveSteps(shell, over, steps, { begun, figures: measured });
  });
}

async function startSimulator({ stack }: Up): Promise<string> {
  const port = await choosePort(4020);
  const url = `http://127.0.0.1:${port}`;
  const child = stack.run('simulator', [
    ...scriptArguments(simulator),
    ...['--port', String(port), '--tenant', `${tenant}:${customers}`],
  ]);
  await untilReady(child, () => answersHttp(`${url}/control/status`));
  return url;
}

async function connectWorkspace({ db, client, config, settings }: Up, url: string): Promise<void> {
  const { keyRing } = await import('../../../../destination/connections/secrets.js');
  const { connectors } = config;
  const context = readyContext({ db, client, connectors, ring: keyRing(settings.encryptionKey) });
  const made = {
    ...{ connection: workspaceId, connector: 'service_titan' },
    settings: { tenant, baseUrl: url, authUrl: url },
    // the simulator's own
    secrets: { clientId: 'demo', clientSecret: 'demo', appKey: 'demo' },
    timeZone: 'America/New_York',
    // so rarely that the deltas of the proof are its own
    schedules: { customers: { delta: { every: '12h' } } },
  };
  await perform(connect, context, made, { actor: 'cli', reason: 'tidemark demo service-titan' });
}
