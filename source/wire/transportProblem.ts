import type { ErrorType } from '../../schema/errors';

/** Something went wrong between us and the source. `message` is without secrets only after the reporter has seen it. */
export class TransportProblem extends Error {
  /** whether the same request again within seconds may help */
  readonly again: boolean;
  /** what it is when no further try helps */
  readonly type: ErrorType;
  readonly todo: string;
  /** no connection was made, so that nothing was sent */
  readonly unsent: boolean;

  constructor(problem: string, options: { again: boolean; type: ErrorType; todo: string; unsent?: boolean }) {
    super(problem);
    this.name = 'TransportProblem';
    this.again = options.again;
    this.type = options.type;
    this.todo = options.todo;
    this.unsent = options.unsent ?? false;
  }
}

const tlsCodes =
  /^(CERT_|ERR_TLS_|ERR_SSL_|SELF_SIGNED_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_|EPROTO|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE)/;

/** What an error of Node's network code means. Certificates don't repair themselves within a run, everything else may. */
export function problemOf(error: unknown, host: string): TransportProblem {
  const code = codeOf(error);
  if (tlsCodes.test(code)) {
    return new TransportProblem(`no secure connection to ${host} (${code})`, {
      again: false,
      unsent: true,
      type: 'ContractBroken',
      todo: 'Nothing was sent. Check the certificate of the source and the setting baseUrl',
    });
  }
  if (code.startsWith('HPE_')) {
    return new TransportProblem(`${host} answered something that is not HTTP (${code})`, {
      again: true,
      type: 'ContractBroken',
      todo: 'Check the setting baseUrl',
    });
  }
  if (code === 'ENOTFOUND' || code === 'ECONNREFUSED') {
    return unavailable(
      `${host} cannot be reached (${code})`,
      'The engine retries; check the setting baseUrl if this continues',
      true,
    );
  }
  return unavailable(`the connection to ${host} broke (${code})`);
}

/** A fault that is expected to pass. */
export function unavailable(problem: string, todo = 'The engine retries later', unsent = false): TransportProblem {
  return new TransportProblem(problem, { again: true, type: 'SourceUnavailable', todo, unsent });
}

/** Node's code of a network error, or its name. */
export function codeOf(error: unknown): string {
  const { code, cause, name } = error as { code?: unknown; cause?: { code?: unknown }; name?: unknown };
  // axios puts its own code over Node's for some errors and keeps Node's as the cause
  const found = [cause?.code, code, name].find((candidate) => typeof candidate === 'string');
  return typeof found === 'string' ? found : 'unknown';
}
