import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { messageOf } from '../schema/errors';
import type { Attributes, SpanExporter, spanKinds, TraceContext } from './span';

export interface SpanOptions {
  readonly kind: keyof typeof spanKinds;
  /** the step that caused this one; default the present one, else it begins a trace */
  readonly parent?: TraceContext | undefined;
  readonly attributes?: Attributes;
}

/** A running step. */
export interface Span {
  readonly context: TraceContext;
  add(attributes: Attributes): void;
}

const present = new AsyncLocalStorage<TraceContext>();

/** The step that is running here; undefined where nothing is traced. */
export function currentTrace(): TraceContext | undefined {
  return present.getStore();
}

/** Traces steps; without an exporter it only runs them. */
export class Tracer {
  constructor(private readonly exporter: SpanExporter | undefined) {}

  /** Runs `work` as a step: what it starts knows it as its cause. What it throws is recorded on the step, and thrown on. */
  async run<T>(name: string, options: SpanOptions, work: (span: Span) => Promise<T>): Promise<T> {
    const { exporter } = this;
    if (exporter === undefined) return work(unseen);
    const parent = options.parent ?? currentTrace();
    const context = { traceId: parent?.traceId ?? hex(16), spanId: hex(8) };
    const attributes: Record<string, string | number | boolean> = { ...options.attributes };
    const started = Date.now();
    let error: string | undefined;
    try {
      return await present.run(context, () => work({ context, add: (more) => Object.assign(attributes, more) }));
    } catch (thrown) {
      error = messageOf(thrown).slice(0, 500);
      throw thrown;
    } finally {
      const { kind } = options;
      exporter.add({
        ...context,
        parentSpanId: parent?.spanId,
        name,
        kind,
        started,
        ended: Date.now(),
        attributes,
        error,
      });
    }
  }
}

const unseen: Span = { context: { traceId: '0'.repeat(32), spanId: '0'.repeat(16) }, add: () => undefined };

function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}

/** As the header `traceparent` writes it, always sampled. */
export function formatTraceparent({ traceId, spanId }: TraceContext): string {
  return `00-${traceId}-${spanId}-01`;
}

/** Undefined for what is no valid header, which a stranger may send. */
export function parseTraceparent(text: unknown): TraceContext | undefined {
  if (typeof text !== 'string') return undefined;
  const [, traceId, spanId] = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId };
}
