import type { z } from 'zod';
import type { Connection } from '../../../../schema/connection';
import type { Connector } from '../../../../schema/definition/connector';
import type { EntitySchedule } from '../../../../schema/definition/schedule';
import type { Json } from '../../../../schema/json/json';

/**
 * The settings of `--set key=value`: a value is taken as text where the connector wants text, else as JSON (`--set pageSize=100`).
 * Whether they are right, the operation checks.
 */
export function settingsFrom(connector: Connector, set: Readonly<Record<string, string>>): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(set).map(([name, text]) => {
      const schema = connector.settings.shape[name] as z.ZodType | undefined;
      const isText = schema === undefined || schema.safeParse(text).success;
      return [name, isText ? text : (asJson(text) ?? text)];
    }),
  );
}

function asJson(text: string): Json | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface ScheduleOptions {
  readonly delta?: string;
  readonly reconcile?: EntitySchedule['reconciliation'];
}

/** Schedules that apply to every entity of the connection; what is not given stays as it is. */
export function schedulesFrom(connector: Connector, { delta, reconcile }: ScheduleOptions): Connection['schedules'] {
  if (delta === undefined && reconcile === undefined) return {};
  const schedule = {
    ...(delta === undefined ? {} : { delta: { every: delta } }),
    ...(reconcile === undefined ? {} : { reconciliation: reconcile }),
  };
  return Object.fromEntries([...connector.entities.keys()].map((entity) => [entity, schedule]));
}

/** The settings without a default: what has to be given with `--set`. */
export function mandatorySettings(connector: Connector): string[] {
  return Object.entries(connector.settings.shape).flatMap(([name, schema]) =>
    (schema as z.ZodType).safeParse(undefined).success ? [] : [name],
  );
}
