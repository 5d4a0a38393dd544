import { randomBytes } from 'node:crypto';
import { Client, Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { temporal } from '@temporalio/proto';
import { NativeConnection } from '@temporalio/worker';
import { tidemarkSearchAttributes } from '../../local/temporal/temporal';
import { atEnd } from './atEnd';
import { quietRuntime } from './quietRuntime';
import { testSettings } from './settings';

/** A namespace of its own on the shared dev server, and connections to it that are closed when the test file is over. */
export interface TestTemporal {
  /** `host:port` */
  readonly address: string;
  readonly namespace: string;
  readonly client: Client;
  /** for `Worker.create` */
  readonly nativeConnection: NativeConnection;
}

/** Makes a fresh namespace, with Tidemark's search attributes, so that no other test's schedules or workflows are seen. */
export async function testTemporal(): Promise<TestTemporal> {
  const { temporalAddress: address } = testSettings();
  const namespace = `test-${randomBytes(6).toString('hex')}`;
  // a test that failed leaves its long poll, which the client would send again over a closed channel: that ends the process
  let closed = false;
  const usual = defaultGrpcRetryOptions();
  const retryableDecider: typeof usual.retryableDecider = (attempt, status) =>
    !closed && usual.retryableDecider(attempt, status);
  const interceptors = [makeGrpcRetryInterceptor({ ...usual, retryableDecider })];
  const connection = await Connection.connect({ address, interceptors });
  atEnd(() => {
    closed = true;
    return connection.close();
  });
  await connection.workflowService.registerNamespace({
    namespace,
    workflowExecutionRetentionPeriod: msToTs('1 day'),
  });
  const { INDEXED_VALUE_TYPE_KEYWORD } = temporal.api.enums.v1.IndexedValueType;
  await connection.operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(
      Object.keys(tidemarkSearchAttributes).map((name) => [name, INDEXED_VALUE_TYPE_KEYWORD]),
    ),
  });
  quietRuntime();
  const nativeConnection = await NativeConnection.connect({ address });
  atEnd(() => nativeConnection.close());
  return { address, namespace, client: new Client({ connection, namespace }), nativeConnection };
}

/** A task queue that no other test polls. */
export function uniqueTaskQueue(): string {
  return `queue-${randomBytes(6).toString('hex')}`;
}
