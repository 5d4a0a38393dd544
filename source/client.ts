import type { Connector, ConnectorEntity } from '../schema/definition/connector';
import type { MapContext } from '../schema/definition/mapContext';
import type { DatabaseClock, RequestBudget, TokenStore } from '../schema/ports';
import type { ReportJobs } from '../schema/reportJobs';
import type { ProxyFor } from '../schema/settings/proxies';
import { type AuthContext, type Authorizer, authorizerOf, UnusableSecret } from './auth';
import type { Secrets } from './auth/authorizer';
import type { SourceClient } from './contract';
import { probeReport } from './jobs/probeReport';
import { readReport } from './jobs/readReport';
import { auditMapping } from './mappingAudit/auditMapping';
import { probe } from './probe/probe';
import { askOne } from './reading/byId/askOne';
import { getById } from './reading/byId/getById';
import { readRelated } from './reading/byId/relatedRecords';
import { touch } from './reading/byId/touch';
import { firstToken } from './reading/firstToken';
import { lookUps } from './reading/lookUp';
import { relatedChanges } from './reading/related/relatedChanges';
import { relatedIds } from './reading/related/relatedIds';
import { streamAll } from './reading/streamAll';
import { inZoneOf } from './record/inZoneOf';
import { baseUrl, NoAddress } from './wire/address';
import type { Limits } from './wire/http';
import { createReporter, hiddenOf, type Reporter } from './wire/report';
import type { Source } from './wire/source';
import { createTokenEndpoint } from './wire/tokenEndpoint';

export interface SourceClientOptions {
  readonly connector: Connector;
  readonly connection: MapContext['connection'];
  readonly secrets: Secrets;
  readonly budget: RequestBudget;
  readonly clock: DatabaseClock;
  /** where the tokens of a connector with OAuth are kept; others need none */
  readonly tokens?: TokenStore;
  /** where the jobs of reports are kept; needed by entities that have some */
  readonly jobs?: ReportJobs;
  readonly limits?: Partial<Limits>;
  /** the proxy for an address; default: none */
  readonly proxyFor?: ProxyFor | undefined;
  /** called for every request with the status of its answer; null: there was none */
  readonly onAnswer?: (status: number | null) => void;
  /** called with what an operator should know and no run fails for, such as a new header of a report; without secrets */
  readonly onNotice?: (text: string) => void;
}

const defaultLimits: Limits = { bytes: 64 * 1024 * 1024, timeoutMs: 120_000, idleMs: 30_000 };
const defaultConcurrency = 8;

function nothing(): void {}

/**
 * The API client of one connection. Holds no sockets of its own: connections are kept alive for the whole process and
 * closed after a minute of silence, so there is nothing to close. Throws Usage or CredentialsRefused when settings or secrets are unusable.
 */
export function createSourceClient(options: SourceClientOptions): SourceClient {
  const { connector, connection, secrets, budget, clock, proxyFor } = options;
  const reporter = createReporter(connector.name, connection.id, hiddenOf(secrets, proxyFor));
  const base = usableBase(connection, reporter);
  const sender = {
    reporter,
    budget,
    clock,
    onAnswer: options.onAnswer ?? nothing,
    limits: { ...defaultLimits, proxyFor, ...options.limits },
    quota: connector.rateLimit,
    lane: `${connector.name}/${connection.id}`,
    concurrency: connector.rateLimit?.concurrency ?? defaultConcurrency,
  };
  const context = { tokens: options.tokens, endpoint: createTokenEndpoint({ connector, connection, sender }) };
  const source: Source = {
    base,
    connector,
    connection,
    notice: options.onNotice ?? nothing,
    sender: { ...sender, authorizer: usableAuthorizer(connector, secrets, context, reporter) },
  };
  const here = (entity: ConnectorEntity) => inZoneOf(entity, connection.timeZone);
  const sourceFor = lookUps(source);
  return {
    async *streamAll(entity, name, listOptions) {
      const ready = await sourceFor(entity, listOptions.signal);
      const report = entity.listings[name]?.report;
      if (report === undefined) return yield* streamAll(ready, here(entity), name, listOptions);
      // read without its job, an answer at once would be taken for the whole
      if (!options.jobs) throw new RangeError('a report needs a place where its jobs are kept');
      return yield* readReport(ready, options.jobs, here(entity), { name, report, options: listOptions });
    },
    firstToken: (entity, tokenOptions) => firstToken(source, entity, tokenOptions),
    ask: async (entity, id, askOptions) =>
      askOne(await sourceFor(entity, askOptions.signal), here(entity), id, askOptions),
    getById: async (entity, id, askOptions) =>
      getById(await sourceFor(entity, askOptions.signal), here(entity), id, askOptions),
    readRelated: (entity, ids, { signal }) => readRelated(source, entity, ids, signal),
    relatedChanges: (entity, name, listOptions) => relatedChanges(source, here(entity), name, listOptions),
    relatedIds: (entity, name, listOptions) => relatedIds(source, entity, name, listOptions),
    touch: (entity, id, touchOptions) => touch(source, entity, id, touchOptions),
    auditMapping: async (entity, auditOptions) => {
      const asked = entity.listings.all.report === undefined ? auditOptions : { ...auditOptions, where: [] };
      return auditMapping(await sourceFor(entity, auditOptions.signal), here(entity), asked);
    },
    probe: async (entity, probeOptions) => {
      const ready = await sourceFor(entity, probeOptions.signal);
      return probeReport(here(entity), (reported) => probe(ready, reported, probeOptions));
    },
  };
}

const everything = { entity: 'all entities', what: 'any request' };

function usableBase(connection: MapContext['connection'], reporter: Reporter): URL {
  try {
    return baseUrl(connection.settings);
  } catch (error) {
    if (!(error instanceof NoAddress)) throw error;
    throw reporter.error('Usage', everything, error.message, 'Correct it with `tidemark connect`');
  }
}

function usableAuthorizer(
  connector: Connector,
  secrets: Secrets,
  context: AuthContext,
  reporter: Reporter,
): Authorizer {
  try {
    return authorizerOf(connector, secrets, context);
  } catch (error) {
    if (!(error instanceof UnusableSecret)) throw error;
    throw reporter.error('CredentialsRefused', everything, error.message, 'Set it with `tidemark connect`');
  }
}
