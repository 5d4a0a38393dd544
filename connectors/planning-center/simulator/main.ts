import { parseArgs } from 'node:util';
import { runCommand, type Started, whole } from '../../simulator/command';
import { startPlanningCenterSimulator } from './server';

const usage = `Starts a simulated Planning Center on this machine.

  node dist/connectors/planning-center/simulator/main.js [options]

  --port N         default 4010
  --people N       seeded people, default 1000
  --donations N    seeded donations, default 1000
  --app-id TEXT    default demo
  --secret TEXT    default demo; better given as PLANNING_CENTER_SECRET
  --no-rate-limit  answer as fast as asked
  --latency MS     added to every answer
  --journal FILE   keep changes, and go on with them at the next start
  --webhook-url URL  where webhooks go, signed with PLANNING_CENTER_WEBHOOK_SECRET

Then: curl -u demo:demo 'http://127.0.0.1:4010/people/v2/people?per_page=2'
      curl http://127.0.0.1:4010/control
`;

async function start(): Promise<Started | undefined> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '4010' },
      people: { type: 'string', default: '1000' },
      donations: { type: 'string', default: '1000' },
      'app-id': { type: 'string', default: process.env.PLANNING_CENTER_APP_ID ?? 'demo' },
      secret: { type: 'string', default: process.env.PLANNING_CENTER_SECRET ?? 'demo' },
      'no-rate-limit': { type: 'boolean', default: false },
      latency: { type: 'string', default: '0' },
      journal: { type: 'string' },
      'webhook-url': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return undefined;
  }
  const simulator = await startPlanningCenterSimulator({
    port: whole('port', values.port),
    people: whole('people', values.people),
    donations: whole('donations', values.donations),
    appId: values['app-id'],
    secret: values.secret,
    rateLimit: values['no-rate-limit'] ? false : undefined,
    latencyMs: whole('latency', values.latency),
    journal: values.journal,
  });
  const webhookSecret = process.env.PLANNING_CENTER_WEBHOOK_SECRET;
  simulator.control.configureWebhooks({
    ...(values['webhook-url'] === undefined ? {} : { url: values['webhook-url'] }),
    ...(webhookSecret === undefined ? {} : { secret: webhookSecret }),
  });
  return {
    sentence: `Planning Center simulator at ${simulator.url} (control: ${simulator.url}/control)`,
    stop: () => simulator.stop(),
  };
}

runCommand(start);
