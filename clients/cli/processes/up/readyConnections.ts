import type { Knex } from 'knex';
import { createConnection, listConnections } from '../../../../destination/connections/connections';
import { keyRing, saveSecrets } from '../../../../destination/connections/secrets';
import type { Connection } from '../../../../schema/connection';
import type { Settings } from '../../../../schema/settings';
import type { LoadedConfig } from '../../../config';
import { declaredSecrets, secretsFromEnvironment } from '../../terminal/secretInput';

export interface ConnectReady {
  readonly db: Knex;
  readonly settings: Settings;
  readonly config: LoadedConfig;
  /** holds secrets as TIDEMARK_SECRET_<NAME> */
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (sentence: string) => void;
}

/**
 * Where there is a config of one's own and no connection yet: makes one for each of its connectors of which nothing has to
 * be asked, since all settings have defaults and no secret is missing. Named like the connector. Returns their names.
 */
export async function connectReady({ db, settings, config, env, onProgress }: ConnectReady): Promise<string[]> {
  if (config.file === undefined || (await listConnections(db)).length > 0) return [];
  const ring = keyRing(settings.encryptionKey);
  const made: string[] = [];
  for (const connector of config.connectors) {
    const values = connector.settings.safeParse({});
    const secrets = connector.secrets.safeParse(secretsFromEnvironment(declaredSecrets(connector.secrets), env));
    if (!values.success || !secrets.success) continue;
    const id = connector.name;
    await db.transaction(async (tx) => {
      await createConnection(tx, { id, connector: connector.name, settings: values.data as Connection['settings'] });
      await saveSecrets(tx, ring, id, secrets.data as Record<string, string>);
    });
    onProgress(`Connection '${id}' made: connector ${connector.name} needs nothing to be asked for`);
    made.push(id);
  }
  return made;
}
