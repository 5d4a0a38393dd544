import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { traceOf } from '../telemetry/header';
import type { Attributes } from '../telemetry/span';
import type { Tracer } from '../telemetry/trace';

/** Makes each attempt of an activity a step of the trace that its workflow was started with. */
export function activityTracing(tracer: Tracer): ActivityInterceptorsFactory {
  return ({ info }) => ({
    inbound: {
      execute: (input, next) => {
        const attributes: Record<string, string | number> = {
          ...named(input.args[0]),
          'temporal.workflow': info.workflowExecution?.workflowId ?? '',
          'temporal.attempt': info.attempt,
        };
        const parent = traceOf(input.headers);
        return tracer.run(`activity ${info.activityType}`, { kind: 'internal', parent, attributes }, async (span) => {
          const result = await next(input);
          span.add(outcome(result));
          return result;
        });
      },
    },
  });
}

/** Which connection, entity and run an activity's input is about. */
function named(input: unknown): Attributes {
  const { connectionId, entity, runId } = (input ?? {}) as Record<string, unknown>;
  return texts({ 'tidemark.connection': connectionId, 'tidemark.entity': entity, 'tidemark.run': runId });
}

/** The outcome: a word, or counts; never content. */
function outcome(result: unknown): Attributes {
  if (typeof result !== 'object' || result === null) return {};
  const { outcome: word, counts } = result as { outcome?: unknown; counts?: unknown };
  const numbers = Object.entries((counts ?? {}) as Record<string, unknown>).flatMap(([name, count]) =>
    typeof count === 'number' && count > 0 ? [[`tidemark.rows.${name}`, count] as const] : [],
  );
  return { ...texts({ 'tidemark.outcome': word }), ...Object.fromEntries(numbers) };
}

function texts(values: Readonly<Record<string, unknown>>): Attributes {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value] as const] : [])),
  );
}
