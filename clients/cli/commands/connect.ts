import { type AddCommand, addCommand, perform } from '../command';
import { durationText, hours, keyValue, reconciliation } from '../terminal/values';
import type { ConnectOptions } from './connect/runConnect';

export const addConnect: AddCommand = (program, onEnd) => {
  addCommand(program, {
    usage: 'connect <connector> <connection>',
    summary: 'make a connection, or change one: its settings, secrets and schedules',
    details: [
      'Secrets are asked for on the terminal, or taken from TIDEMARK_SECRET_<NAME> (appId: TIDEMARK_SECRET_APP_ID), or with',
      '--secrets-stdin from stdin as JSON or lines of name=value; never from the command line, which others can see.',
      'They are stored encrypted. At the end a worker reads the first page of each list (see: connections check); exit status 1',
      'when the source refuses them. The connection is saved all the same.',
    ].join('\n'),
    examples: [
      'connect planning_center grace-church --time-zone America/Denver --business-hours 06:00-20:00',
      'connect planning_center demo --set baseUrl=http://127.0.0.1:4010 --delta 15s --secrets-stdin < secrets.json',
      'connect planning_center demo --update --delta 5m',
      'connect my_crm demo --update --link --server https://tidemark.example.com',
    ],
  })
    .option('--set <key=value>', "one of the connector's settings; can be repeated", keyValue)
    .option('--secrets-stdin', 'read the secrets from stdin')
    .option('--time-zone <zone>', "of business hours and daily schedules, such as 'Europe/Berlin'; default UTC")
    .option('--business-hours <from-to>', "deltas run only then, such as '06:00-20:00'", hours)
    .option('--delta <interval>', "how often every entity's delta runs, such as '15m'", durationText)
    .option('--reconcile <when>', "when reconciliations run: '03:00', '24h' or 'off'", reconciliation)
    .option('--update', 'change a connection that exists, without asking')
    .option('--no-check', 'do not ask the source at the end; neither does --json')
    .option('--link', 'then make a one-time page for the person who authorizes it (see: connections link)')
    .option('--server <url>', 'with --link: the address of the server, as the browser reaches it')
    .option('--reason <text>', 'why; kept in the audit', 'no reason given')
    .action(
      perform(onEnd, async (shell, options: ConnectOptions, connector: string, connection: string) => {
        const { connect } = await import('./connect/runConnect.js');
        return connect(shell, options, connector, connection);
      }),
    );
};
