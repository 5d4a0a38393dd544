import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import type { TraceContext } from './span';
import { currentTrace, formatTraceparent, parseTraceparent } from './trace';

/** The same header, and the same form, as Temporal's own interceptors for OpenTelemetry use. */
export const traceHeader = '_tracer-data';

/** Headers with the present step, for what it starts in Temporal. */
export function withTrace(headers: Headers): Headers {
  const context = currentTrace();
  if (context === undefined) return headers;
  return { ...headers, [traceHeader]: defaultPayloadConverter.toPayload({ traceparent: formatTraceparent(context) }) };
}

/** The step that caused this, as its headers say. */
export function traceOf(headers: Headers): TraceContext | undefined {
  const payload = headers[traceHeader];
  if (payload === undefined) return undefined;
  const { traceparent } = defaultPayloadConverter.fromPayload<{ traceparent?: unknown }>(payload);
  return parseTraceparent(traceparent);
}
