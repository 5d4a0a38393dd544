import { parseArgs } from 'node:util';
import { runCommand, type Started, whole } from '../../simulator/command';
import { startServiceTitanSimulator } from './server';

const usage = `Starts a simulated ServiceTitan on this machine.

  node dist/connectors/service-titan/simulator/main.js [options]

  --port N            default 4020
  --tenant ID:N       a tenant with N seeded customers; repeat it for several; default 410387862:1000
  --client-id TEXT    default demo; of the first tenant, and of the others with -2, -3 … added
  --client-secret TEXT  default demo; better given as SERVICE_TITAN_CLIENT_SECRET
  --app-key TEXT      default demo; better given as SERVICE_TITAN_APP_KEY
  --no-rate-limit     answer as fast as asked
  --latency MS        added to every answer
  --journal FILE      keep changes, and go on with them at the next start

Then: curl -s -d grant_type=client_credentials -d client_id=demo -d client_secret=demo http://127.0.0.1:4020/connect/token
      curl http://127.0.0.1:4020/control
`;

async function start(): Promise<Started | undefined> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4020' },
      tenant: { type: 'string', multiple: true, default: ['410387862:1000'] },
      'client-id': { type: 'string', default: process.env.SERVICE_TITAN_CLIENT_ID ?? 'demo' },
      'client-secret': { type: 'string', default: process.env.SERVICE_TITAN_CLIENT_SECRET ?? 'demo' },
      'app-key': { type: 'string', default: process.env.SERVICE_TITAN_APP_KEY ?? 'demo' },
      'no-rate-limit': { type: 'boolean', default: false },
      latency: { type: 'string', default: '0' },
      journal: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return undefined;
  }
  const clientSecret = values['client-secret'];
  const simulator = await startServiceTitanSimulator({
    port: whole('port', values.port),
    tenants: values.tenant.map((text, index) => ({
      ...tenantIn(text),
      clientId: index === 0 ? values['client-id'] : `${values['client-id']}-${index + 1}`,
      clientSecret,
    })),
    appKey: values['app-key'],
    rateLimit: values['no-rate-limit'] ? false : undefined,
    latencyMs: whole('latency', values.latency),
    journal: values.journal,
  });
  return {
    sentence: `ServiceTitan simulator at ${simulator.url} (control: ${simulator.url}/control)`,
    stop: () => simulator.stop(),
  };
}

function tenantIn(text: string): { tenant: string; customers: number } {
  const [tenant = '', count] = text.split(':');
  if (!/^\w+$/.test(tenant)) throw new Error(`--tenant must be like 410387862:1000, not '${text}'`);
  return { tenant, customers: whole('tenant', count ?? '1000') };
}

runCommand(start);
