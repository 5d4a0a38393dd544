import { type AddCommand, addCommand, perform } from '../command';

export const addServer: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'server',
    summary: 'run the HTTP server in the foreground: webhooks, API, metrics, health',
    details: [
      'For production: with DATABASE_URL, OAUTH_ENCRYPTION_KEY, TIDEMARK_API_KEY, TEMPORAL_*, HOST and PORT (8080).',
      'Starts while PostgreSQL or Temporal are down; GET /readyz shows whether they can be reached. /api/openapi.json describes the API. Logs are JSON lines on stderr (LOG_LEVEL).',
    ].join('\n'),
    examples: ['server', 'HOST=0.0.0.0 PORT=80 tidemark server'],
  }).action(
    perform(onEnd, async (shell) => {
      const { runServer } = await import('../processes/runServer.js');
      await runServer(shell);
      return undefined;
    }),
  );
};
