import type { ConnectorEntity } from '../../schema/definition/connector';
import { type Lookup, lookupsIn } from '../../schema/definition/lookups';
import { valueAt } from '../../schema/json/json';
import { addressed } from '../wire/question';
import { ask } from '../wire/send';
import type { Source } from '../wire/source';

const none: ReadonlySet<number> = new Set();
/** An account may get another report under the same name; a wrong id shows at once, so this need not be short. */
const validMs = 60 * 60_000;

/** The source for the requests of an entity. */
export type SourceFor = (entity: ConnectorEntity, signal: AbortSignal) => Promise<Source>;

/**
 * Fills what the source itself shows in its lists (`lookups`): the returned function gives the source with the values that an entity needs
 * among its settings. Each is kept for an hour. It throws TidemarkError, ContractBroken where not exactly one record is the one.
 */
export function lookUps(source: Source): SourceFor {
  const kept = new Map<string, { readonly value: string; readonly until: number }>();
  const { lookups } = source.connector;

  return async (entity, signal) => {
    const names = lookupsIn(lookups, entity.listings);
    if (names.length === 0) return source;
    const settings = { ...source.connection.settings };
    for (const name of names) settings[name] = await current(name, signal);
    return { ...source, connection: { ...source.connection, settings } };
  };

  async function current(name: string, signal: AbortSignal): Promise<string> {
    const before = kept.get(name);
    if (before !== undefined && before.until > performance.now()) return before.value;
    const declared = lookups[name];
    if (declared === undefined) throw new RangeError(`there is no lookup ${name}`);
    const value = await readValue(source, name, declared, signal);
    kept.set(name, { value, until: performance.now() + validMs });
    return value;
  }
}

async function readValue(source: Source, name: string, lookup: Lookup, signal: AbortSignal): Promise<string> {
  const about = { entity: 'all entities', what: `the value of {${name}}` };
  const { body } = await ask(
    source.sender,
    {
      ...addressed(source, lookup, {}, about),
      ...{ about, signal, statuses: none, place: { path: '', list: false } },
      forbidden: {
        type: 'CredentialsRefused',
        todo: 'The credentials may not read this list: give the connection others with `tidemark connect`, or ask for the permission',
      },
    },
    () => undefined,
  );
  const broken = (problem: string) =>
    source.sender.reporter.error('ContractBroken', about, problem, `Check \`lookups.${name}\` of the connector`);
  const records = valueAt(body, lookup.records);
  if (!Array.isArray(records)) throw broken(`there is no list at '${lookup.records}'`);
  const wanted = Object.entries(lookup.where);
  const found = records.filter((record) => wanted.every(([path, is]) => String(valueAt(record, path)) === String(is)));
  const which = wanted.map(([path, is]) => `${path} = ${is}`).join(' and ');
  if (found.length !== 1) throw broken(`${found.length} of ${records.length} records have ${which}`);
  const value = valueAt(found[0], lookup.value);
  if ((typeof value !== 'string' && typeof value !== 'number') || value === '')
    throw broken(`the record with ${which} has no text or number at '${lookup.value}'`);
  return String(value);
}
