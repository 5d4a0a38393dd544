import { createJiti } from 'jiti';
import * as zod from 'zod';
import * as marianaTek from '../connectors/mariana-tek/connector';
import * as planningCenter from '../connectors/planning-center/connector';
import * as serviceTitan from '../connectors/service-titan/connector';
import * as tidemark from '../schema';
import type { Connector } from '../schema/definition/connector';
import { TidemarkError } from '../schema/errors';

/** Runs a config file. Throws TidemarkError 'Usage', which names the file and the mistake in it. */
export async function evaluateConfig(file: string): Promise<readonly Connector[]> {
  // The very modules that we use ourselves: errors keep their types, schemas their identity, and nothing has to be installed.
  const jiti = createJiti(file, {
    virtualModules: {
      tidemark,
      zod,
      'tidemark/connectors/planning-center': planningCenter,
      'tidemark/connectors/service-titan': serviceTitan,
      'tidemark/connectors/mariana-tek': marianaTek,
    },
    fsCache: false,
  });
  let exported: unknown;
  try {
    exported = await jiti.import(file, { default: true });
  } catch (error) {
    throw configError(file, error);
  }
  return checked(file, exported);
}

function checked(file: string, exported: unknown): readonly Connector[] {
  const mistake = (what: string) =>
    new TidemarkError('Usage', `${file}: ${what}. Write: export default defineConfig({ connectors: [ … ] })`);
  if (typeof exported !== 'object' || exported === null || !('connectors' in exported)) {
    throw mistake('it has no default export with connectors');
  }
  const { connectors } = exported;
  if (!Array.isArray(connectors) || connectors.length === 0) throw mistake('connectors must be a list of at least one');
  for (const [index, connector] of connectors.entries()) {
    if (!isConnector(connector)) throw mistake(`connectors.${index} is not what defineConnector returns`);
    const first = connectors.findIndex((other) => other?.name === connector.name);
    if (first < index) throw mistake(`connectors.${index}: '${connector.name}' is registered twice`);
  }
  return connectors;
}

function isConnector(value: unknown): value is Connector {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'entities' in value &&
    value.entities instanceof Map
  );
}

/** What went wrong while the file ran, in its author's terms: where in the file, and not how we got there. */
function configError(file: string, error: unknown): TidemarkError {
  const { stack, message } = toError(error);
  const at = stack.split('\n').find((line) => line.includes(`${file}:`));
  // the column is that of the compiled text
  const line = at === undefined ? undefined : at.slice(at.indexOf(`${file}:`) + file.length + 1).split(':')[0];
  const where = line === undefined ? file : `${file}:${line}`;
  return new TidemarkError('Usage', `${where}: ${inOneSentence(message)}`, { cause: error });
}

/** Whatever the file threw; not by `instanceof`, since what Node itself throws is of another realm under Jest. */
function toError(thrown: unknown): { readonly stack: string; readonly message: string } {
  const { stack, message } = typeof thrown === 'object' && thrown !== null ? (thrown as Partial<Error>) : {};
  return { stack: stack ?? '', message: message ?? String(thrown) };
}

/** Without what Node and the parser add: the stack of requires, the position once more. */
function inOneSentence(message: string): string {
  const [sentence = ''] = message.split(/\nRequire stack:|\s+\n \//);
  return sentence.trim();
}
