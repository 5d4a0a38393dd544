import { join, relative } from 'node:path';
import type { Status } from '../../../operations/work/status';
import { mandatorySettings } from '../../commands/connect/connectionInput';
import type { Colours } from '../../terminal/shell';
import { statusText } from '../../text/parts/statusText';
import type { Up } from './bringUp';

/** A record that the demo's seed has. */
const person = '10000007';
const other = '10000008';

/** Where everything is, as --json shows it. Neither passwords nor keys. */
export function addressesOf({ stack, apiUrl, demo }: Up): Record<string, string | undefined> {
  return {
    api: apiUrl,
    webhooks: `${apiUrl}/webhooks/<connection>`,
    temporalUi: stack.temporalUiUrl,
    temporal: stack.temporalAddress,
    postgres: withoutPassword(stack.databaseUrl),
    ...demo?.addresses,
  };
}

/** One screen: the state, the addresses, and what to try. */
export function screen(colours: Colours, up: Up, status: Status, cwd: string): string {
  const { bold, cyan } = colours;
  const { stack, apiUrl, demo } = up;
  const home = relative(cwd, join(stack.folder, '.tidemark')) || '.tidemark';
  const own = up.stack.databaseUrl === process.env.DATABASE_URL;
  const rows: [string, string | undefined][] = [
    ['Temporal UI', stack.temporalUiUrl ?? `of the Temporal at ${stack.temporalAddress}`],
    ['HTTP API', `${apiUrl} (key in ${home}/api-key)`],
    ['Webhooks', `${apiUrl}/webhooks/${demo?.connectionId ?? '<connection>'}`],
    ['Simulator', demo && `${demo.simulatorUrl} (control: ${demo.simulatorUrl}/control)`],
    ['PostgreSQL', `${withoutPassword(stack.databaseUrl)}${own ? '' : ` (password in ${home}/stack.json)`}`],
    ['Logs', `${home}/logs/`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    bold('Tidemark runs.'),
    '',
    statusText(colours, status),
    '',
    ...rows.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(width)}  ${cyan(value)}`])),
    '',
    ...(demo === undefined ? connectHint(up) : demoHints(demo.simulatorUrl, demo.connectionId, home)),
    '',
    'Press Ctrl-C to stop; the next start resumes here.',
  ].join('\n');
}

/** How to connect what `up` could not connect by itself: every setting that has no default is named. */
function connectHint({ config, made }: Up): string[] {
  const others = config.connectors.filter(({ name }) => !made.includes(name));
  if (others.length === 0) return [];
  return [
    'In another terminal:',
    '  # make a connection; its secrets are asked for',
    ...others.map((connector) => {
      const settings = mandatorySettings(connector).map((name) => ` --set ${name}=<${name}>`);
      return `  npx tidemark connect ${connector.name} <connection>${settings.join('')}`;
    }),
    '  npx tidemark sync <connection>',
  ];
}

function demoHints(simulatorUrl: string, connection: string, home: string): string[] {
  const json = "-H 'content-type: application/json'";
  return [
    'Try, in another terminal:',
    '  # change a person at the source; the next delta (15 s) brings it here',
    `  curl -X PATCH ${simulatorUrl}/control/people/${person} ${json} -d '{"attributes":{"first_name":"Ada"}}'`,
    `  npx tidemark record show ${connection} people ${person}`,
    '  # delete one; no delta can see that, a reconciliation does',
    `  curl -X DELETE ${simulatorUrl}/control/people/${other}`,
    `  npx tidemark reconcile ${connection} people`,
    '  # a webhook: changed and here within a second',
    `  curl -X PATCH ${simulatorUrl}/control/people/${person} ${json} -d '{"attributes":{"first_name":"Grace"},"webhook":true}'`,
    '  # the table itself',
    `  psql "$(node -p 'JSON.parse(require("fs").readFileSync("${home}/stack.json")).databaseUrl')" -c 'select external_id, name, deleted_at from planning_center_people limit 5'`,
  ];
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.password = '';
  return shown.href;
}
