export type EventAction = 'created' | 'updated' | 'destroyed';

export interface WebhookSetting {
  /** where deliveries go; undefined: nowhere, events are dropped */
  readonly url?: string | undefined;
  /** the subscription's authenticity secret */
  readonly secret: string;
  /** send for every change by itself */
  readonly auto: boolean;
  /** each event is lost with this probability */
  readonly drop: number;
  /** each event is delivered this many times */
  readonly times: number;
  /** each delivery waits this long */
  readonly delayMs: number;
  /** how many deliveries are under way at once; 1 keeps their order, the real service promises none */
  readonly concurrency: number;
  /** seconds before each retry of a delivery that was not answered with 200 */
  readonly retrySeconds: readonly number[];
}

/** docs: overview/webhooks, "up to 16 times": 30 s, then doubling up to 64 minutes; the rest, up to 5.4 days in all, follows that pattern. */
export const documentedRetrySeconds: readonly number[] = Array.from({ length: 16 }, (_, n) =>
  Math.min(30 * 2 ** n, 86_400),
);

export const quietWebhooks: WebhookSetting = {
  secret: 'simulated-authenticity-secret',
  auto: false,
  drop: 0,
  times: 1,
  delayMs: 0,
  concurrency: 4,
  retrySeconds: documentedRetrySeconds,
};
