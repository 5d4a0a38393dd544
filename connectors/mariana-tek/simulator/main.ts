import { parseArgs } from 'node:util';
import { runCommand, type Started, whole } from '../../simulator/command';
import { type BrandOptions, startMarianaTekSimulator } from './server';

const usage = `Starts brands of a simulated Mariana Tek on this machine, each at a port of its own.

  node dist/connectors/mariana-tek/simulator/main.js [options]

  --port N            of the first brand, default 4030; further brands and then the storage host have the next ones
  --brand NAME:C:B    a brand with C customers and B bookings; repeat it for several; the second has other headers
                      in its reports; default harbour:300:2000 and summit:200:1000
  --username TEXT     default demo
  --password TEXT     default demo; better given as MARIANA_TEK_PASSWORD
  --api-key TEXT      default demo-key; better given as MARIANA_TEK_API_KEY
  --client-id TEXT    default demo-client; a request without one is accepted too
  --client-secret TEXT  default demo-secret; better given as MARIANA_TEK_CLIENT_SECRET
  --no-rate-limit     answer as fast as asked
  --latency MS        added to every answer
  --job-seconds N     how long the job of a report takes, default 3
  --day YYYY-MM-DD    the day around which classes were held, default today
  --journal FILE      keep changes, and go on with them at the next start

Then: curl -s -d grant_type=password -d username=demo -d password=demo http://127.0.0.1:4030/o/token/
      curl http://127.0.0.1:4030/control
`;

async function start(): Promise<Started | undefined> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4030' },
      brand: { type: 'string', multiple: true, default: ['harbour:300:2000', 'summit:200:1000'] },
      username: { type: 'string', default: 'demo' },
      password: { type: 'string', default: process.env.MARIANA_TEK_PASSWORD ?? 'demo' },
      'api-key': { type: 'string', default: process.env.MARIANA_TEK_API_KEY ?? 'demo-key' },
      'client-id': { type: 'string', default: 'demo-client' },
      'client-secret': { type: 'string', default: process.env.MARIANA_TEK_CLIENT_SECRET ?? 'demo-secret' },
      'no-rate-limit': { type: 'boolean', default: false },
      latency: { type: 'string', default: '0' },
      'job-seconds': { type: 'string', default: '3' },
      day: { type: 'string' },
      journal: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return undefined;
  }
  const { username, password } = values;
  const account = {
    ...{ username, password, apiKey: values['api-key'] },
    ...{ clientId: values['client-id'], clientSecret: values['client-secret'] },
  };
  const simulator = await startMarianaTekSimulator({
    port: whole('port', values.port),
    brands: values.brand.map(
      (text, index): BrandOptions => ({
        ...brandIn(text),
        ...account,
        edition: index === 1 ? 'renamed' : 'plain',
      }),
    ),
    rateLimit: values['no-rate-limit'] ? false : undefined,
    latencyMs: whole('latency', values.latency),
    day: values.day,
    journal: values.journal,
  });
  simulator.control.jobs.takesMs = whole('job-seconds', values['job-seconds']) * 1000;
  const brands = Object.entries(simulator.urls).map(([name, url]) => `${name} ${url}`);
  return {
    sentence: `Mariana Tek simulator: ${brands.join(', ')}; documents ${simulator.storageUrl} (control: ${Object.values(simulator.urls)[0]}/control)`,
    stop: () => simulator.stop(),
  };
}

function brandIn(text: string): { name: string; customers: number; bookings: number } {
  const [name = '', customers, bookings] = text.split(':');
  if (!/^[a-z][\w-]*$/.test(name)) throw new Error(`--brand must be like harbour:300:2000, not '${text}'`);
  return { name, customers: whole('brand', customers ?? '300'), bookings: whole('brand', bookings ?? '2000') };
}

runCommand(start);
