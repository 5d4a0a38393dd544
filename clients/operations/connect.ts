import { saved } from './connections/result';
import { values } from './connections/values';
import { argument, field } from './definition/fields';
import { operation } from './definition/operation';

export const connect = operation({
  name: 'connect',
  effect: 'change',
  path: '/connections',
  summary: 'make a connection',
  details: 'A name that is taken is refused. `connections check` shows whether the source accepts the credentials.',
  examples: ['planning_center grace-church --time-zone America/Denver --business-hours 06:00-20:00'],
  usualReason: 'no reason given',
  input: {
    connector: argument(field.name('the name of a connector')),
    connection: argument(
      field.text('its name: lower-case letters, digits, dots, dashes, underscores', {
        value: 'name',
        longest: 63,
        only: {
          pattern: /^[a-z0-9][a-z0-9._-]*$/,
          error: 'must contain only lower-case letters, digits, dots, dashes and underscores, 63 at most',
        },
      }),
    ),
    ...values,
  },
  result: saved,
  run: () => import('./connections/saveConnection.js').then(({ makeConnection }) => makeConnection),
});

export const connectionsChange = operation({
  name: 'connections change',
  command: 'connect --update',
  effect: 'change',
  path: '/connections/{connection}/change',
  summary: 'change a connection; what is left out stays as it is',
  details:
    'Settings, secrets and schedules are merged one by one into those that it has. Another server (scheme, host, port) in `baseUrl` ' +
    'needs the secrets again.',
  examples: ['planning_center demo --update --delta 5m'],
  usualReason: 'no reason given',
  input: { connection: argument(field.name('the name of a connection')), ...values },
  result: saved,
  run: () => import('./connections/saveConnection.js').then(({ changeConnection }) => changeConnection),
});
