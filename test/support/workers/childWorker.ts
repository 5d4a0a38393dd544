import pino from 'pino';
import { planningCenter } from '../../../connectors/planning-center/connector';
import { keyRing } from '../../../destination/connections/secrets';
import { connectDatabase } from '../../../destination/database/database';
import type { Connector } from '../../../schema/definition/connector';
import { startWorker } from '../../../workers/worker';
import { shop } from '../../reports/shop';
import { quick } from '../quick';
import { tokenList } from '../sources/tokenList';
import type { ChildWorkerInput } from './children';

/** The program of a worker that a test can kill: told what to work on as JSON, says `ready` and works until it dies. */
const input = JSON.parse(process.argv[2] ?? '') as ChildWorkerInput;

// whoever started it holds the other end, so it does not outlive a test that crashed
process.stdin.resume().on('end', () => process.exit(0));

function connectorOf({ connector }: ChildWorkerInput): Connector {
  if (connector === 'acme') return tokenList;
  if (connector === 'planning-center') return quick(planningCenter);
  return shop(connector === 'shop_capped' ? 'capped' : 'posted');
}

startWorker({
  db: connectDatabase(input.databaseUrl),
  connectors: [connectorOf(input)],
  keyRing: keyRing(input.key),
  temporal: { connection: { address: input.temporalAddress }, namespace: input.namespace },
  log: pino({ level: 'silent' }),
  taskQueue: input.taskQueue,
  workflowBundle: input.workflowBundle,
}).then(
  () => process.stdout.write('ready\n'),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
