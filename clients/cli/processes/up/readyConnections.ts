import type { Connection } from '../../../../schema/connection';
import type { LoadedConfig } from '../../../config';
import { connect } from '../../../operations/connect';
import { allConnections } from '../../../operations/connections/showConnection';
import type { By, OperationContext } from '../../../operations/definition/context';
import { perform } from '../../../operations/definition/operation';
import { declaredSecrets, secretsFromEnvironment } from '../../terminal/secretInput';

export interface ConnectReady {
  readonly context: OperationContext;
  readonly by: By;
  readonly config: LoadedConfig;
  /** holds secrets as TIDEMARK_SECRET_<NAME> */
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (sentence: string) => void;
}

/**
 * Where there is a config of the user's own and no connection yet: makes one for each of its connectors of which nothing has to
 * be asked, since all settings have defaults and no secret is missing. Named like the connector. Returns their names.
 */
export async function connectReady({ context, by, config, env, onProgress }: ConnectReady): Promise<string[]> {
  if (config.file === undefined || (await allConnections(context)).connections.length > 0) return [];
  const made: string[] = [];
  for (const connector of config.connectors) {
    const values = connector.settings.safeParse({});
    const secrets = connector.secrets.safeParse(secretsFromEnvironment(declaredSecrets(connector.secrets), env));
    if (!values.success || !secrets.success) continue;
    const { name } = connector;
    const settings = values.data as Connection['settings'];
    await perform(connect, context, { connection: name, connector: name, settings, secrets: secrets.data }, by);
    onProgress(`Connection '${name}' made: connector ${name} has all settings and secrets that it needs`);
    made.push(name);
  }
  return made;
}
