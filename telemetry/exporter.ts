import { messageOf } from '../schema/errors';
import type { EndedSpan, SpanExporter } from './span';
import { type Attributes, spanKinds } from './span';

export interface ExporterOptions {
  /** OTEL_EXPORTER_OTLP_ENDPOINT, such as `http://collector:4318` */
  readonly endpoint: string;
  /** OTEL_EXPORTER_OTLP_HEADERS, parsed */
  readonly headers: Readonly<Record<string, string>>;
  /** such as `tidemark-worker` */
  readonly service: string;
  readonly log: { warn(details: object, message: string): void };
}

/** More than this wait only while the collector is away; then the oldest go. */
const waitingAtMost = 4_096;
const batch = 512;
const sendEveryMs = 2_000;
const timeoutMs = 5_000;

/**
 * Sends spans to an OpenTelemetry collector: OTLP over HTTP as JSON, https://opentelemetry.io/docs/specs/otlp/#otlphttp.
 * OpenTelemetry's own libraries for it would be 15 packages, of major versions that differ from those of Temporal's.
 * A collector that is away holds nothing up: what it misses is dropped, and a warning says so.
 */
export function createExporter({ endpoint, headers, service, log }: ExporterOptions): SpanExporter {
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  let waiting: EndedSpan[] = [];
  let sending: Promise<void> | undefined;
  const timer = setInterval(flush, sendEveryMs);
  timer.unref();

  function flush(): void {
    sending ??= send().finally(() => {
      sending = undefined;
    });
  }

  async function send(): Promise<void> {
    while (waiting.length > 0) {
      const spans = waiting.splice(0, batch);
      try {
        const answer = await fetch(url, {
          method: 'POST',
          headers: { ...headers, 'content-type': 'application/json' },
          body: JSON.stringify(requestOf(service, spans)),
          signal: AbortSignal.timeout(timeoutMs),
        });
        await answer.body?.cancel();
        if (!answer.ok) throw new Error(`HTTP ${answer.status}`);
      } catch (error) {
        log.warn({ reason: messageOf(error), dropped: spans.length }, 'the collector did not take our traces');
        return;
      }
    }
  }

  return {
    add(span) {
      waiting.push(span);
      if (waiting.length > waitingAtMost) waiting = waiting.slice(-waitingAtMost);
      if (waiting.length >= batch) flush();
    },
    async close() {
      clearInterval(timer);
      await sending;
      await send();
    },
  };
}

function requestOf(service: string, spans: readonly EndedSpan[]): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: attributesOf({ 'service.name': service }) },
        scopeSpans: [{ scope: { name: 'tidemark' }, spans: spans.map(spanOf) }],
      },
    ],
  };
}

function spanOf(span: EndedSpan): object {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
    name: span.name,
    kind: spanKinds[span.kind],
    startTimeUnixNano: nanoseconds(span.started),
    endTimeUnixNano: nanoseconds(span.ended),
    attributes: attributesOf(span.attributes),
    // 2: error
    ...(span.error === undefined ? {} : { status: { code: 2, message: span.error } }),
  };
}

function nanoseconds(milliseconds: number): string {
  return `${milliseconds}000000`;
}

function attributesOf(attributes: Attributes): object[] {
  return Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
}

function anyValue(value: string | number | boolean): object {
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}
