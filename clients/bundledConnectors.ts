import type { Connector } from '../schema/definition/connector';

/** The connectors that serve where no `tidemark.config` names others, by name; each is loaded when it is asked for. */
const bundled = new Map<string, () => Promise<Connector>>([
  ['planning_center', async () => (await import('../connectors/planning-center/connector.js')).planningCenter],
  ['service_titan', async () => (await import('../connectors/service-titan/connector.js')).serviceTitan],
  ['mariana_tek', async () => (await import('../connectors/mariana-tek/connector.js')).marianaTek],
]);

/** All of them, or those among `names`. */
export async function bundledConnectors(names?: readonly string[]): Promise<readonly Connector[]> {
  const asked = [...bundled].filter(([name]) => names === undefined || names.includes(name));
  return Promise.all(asked.map(([, load]) => load()));
}
