/** Where work belongs: a trace, and the step of it that caused what follows. https://www.w3.org/TR/trace-context/ */
export interface TraceContext {
  /** 32 hexadecimal digits */
  readonly traceId: string;
  /** 16 hexadecimal digits */
  readonly spanId: string;
}

/** What may be known of a step: names and counts, never content of records. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** OpenTelemetry's kinds of steps, by their numbers. */
export const spanKinds = { internal: 1, server: 2, client: 3 } as const;

/** A step that has ended. */
export interface EndedSpan extends TraceContext {
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: keyof typeof spanKinds;
  /** milliseconds since 1970 */
  readonly started: number;
  readonly ended: number;
  readonly attributes: Attributes;
  /** what it failed with */
  readonly error: string | undefined;
}

export interface SpanExporter {
  add(span: EndedSpan): void;
  /** Sends what waits, and stops. */
  close(): Promise<void>;
}
