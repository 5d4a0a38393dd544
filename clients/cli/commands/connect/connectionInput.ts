import type { z } from 'zod';
import type { Connection } from '../../../../schema/connection';
import type { Connector } from '../../../../schema/definition/connector';
import { mistakes } from '../../../../schema/definition/definition';
import type { EntitySchedule } from '../../../../schema/definition/schedule';
import { TidemarkError } from '../../../../schema/errors';
import type { Json } from '../../../../schema/json';
import { meantOrKnown } from '../../../../schema/nearest';
import type { GivenSecrets } from '../../terminal/secretInput';

/**
 * The settings of a connection from `--set key=value`, over those it has, checked by its connector. A value is taken as text
 * where the connector wants text, else as JSON (`--set pageSize=100`). Throws TidemarkError 'Usage' with the path of each mistake.
 */
export function settingsFrom(
  connector: Connector,
  set: Readonly<Record<string, string>>,
  present: Connection['settings'],
): Connection['settings'] {
  const names = Object.keys(connector.settings.shape);
  const values: Record<string, unknown> = { ...present };
  for (const [name, text] of Object.entries(set)) {
    if (!names.includes(name)) {
      const known = meantOrKnown(name, names, 'It has');
      throw new TidemarkError('Usage', `--set ${name}: connector ${connector.name} has no such setting. ${known}`);
    }
    const schema = connector.settings.shape[name] as z.ZodType;
    values[name] = schema.safeParse(text).success ? text : (asJson(text) ?? text);
  }
  const checked = connector.settings.safeParse(values);
  if (checked.success) return checked.data as Connection['settings'];
  throw wrong('The settings are wrong (--set key=value)', mistakes('settings', checked.error));
}

function asJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Checks secrets by their connector. Throws TidemarkError 'Usage' with the name of each that is missing or wrong, never a value. */
export function checkedSecrets(
  connector: Connector,
  given: GivenSecrets,
  variableOf: (name: string) => string,
): GivenSecrets {
  const checked = connector.secrets.safeParse(given);
  if (checked.success) return checked.data as GivenSecrets;
  const lines = checked.error.issues.map((issue) => {
    const name = issue.path.map(String).join('.');
    return given[name] === undefined
      ? `secrets.${name}: missing (or set ${variableOf(name)})`
      : `secrets.${name}: ${issue.message}`;
  });
  throw wrong('The secrets are wrong (asked for on a terminal, or --secrets-stdin)', lines);
}

function wrong(what: string, lines: readonly string[]): TidemarkError {
  return new TidemarkError('Usage', `${what}:\n${lines.map((line) => `  ${line}`).join('\n')}`);
}

export interface ScheduleOptions {
  readonly delta?: string;
  readonly reconcile?: EntitySchedule['reconciliation'];
}

/** Schedules that apply to every entity of the connection, over those it has. */
export function schedulesFrom(
  connector: Connector,
  { delta, reconcile }: ScheduleOptions,
  present: Connection['schedules'],
): Connection['schedules'] {
  if (delta === undefined && reconcile === undefined) return present;
  const schedules = { ...present };
  for (const { name, supportsWebhooks } of connector.entities.values()) {
    if (reconcile === false && !supportsWebhooks) {
      throw new TidemarkError(
        'Usage',
        `--reconcile off: ${connector.name}.${name} has no webhooks, so nothing but a reconciliation finds what was deleted`,
      );
    }
    schedules[name] = {
      ...schedules[name],
      ...(delta === undefined ? {} : { delta: { every: delta } }),
      ...(reconcile === undefined ? {} : { reconciliation: reconcile }),
    };
  }
  return schedules;
}
