import { type AddCommand, addCommand, perform } from '../command';

export const addWorker: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'worker',
    summary: 'run a worker in the foreground: it does the syncing',
    details: [
      'For production: start as many as needed, on any machine, with DATABASE_URL, OAUTH_ENCRYPTION_KEY and TEMPORAL_*.',
      'SIGTERM drains it: what runs is handed to another worker or goes on later. Logs are JSON lines on stderr (LOG_LEVEL).',
      'METRICS_PORT serves Prometheus metrics, behind TIDEMARK_API_KEY; OTEL_EXPORTER_OTLP_ENDPOINT takes traces.',
    ].join('\n'),
    examples: ['worker', 'worker --config connectors/tidemark.config.ts'],
  }).action(
    perform(onEnd, async (shell) => {
      const { runWorker } = await import('../processes/runWorker.js');
      await runWorker(shell);
      return undefined;
    }),
  );
};
