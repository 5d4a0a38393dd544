import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Client, Connection } from '@temporalio/client';
import { createConnection } from '../../../destination/connections/connections';
import { connectDatabase } from '../../../destination/database/database';
import { testDatabase } from '../../../test/environment';
import { readyContext } from '../definition/context';
import { agreeOrLater } from './agreeOrLater';

/** A Temporal that knows nobody: gRPC over HTTP/2, UNAUTHENTICATED to whatever is asked. */
async function startRefusing(): Promise<{ address: string; close: () => void }> {
  const server = createServer().on('stream', (stream) => {
    const answer = { 'content-type': 'application/grpc', 'grpc-status': '16', 'grpc-message': 'who are you?' };
    stream.respond({ ':status': 200, ...answer }, { endStream: true });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

test.each([
  ['refuses us', startRefusing, /refuses: .*who are you.*TEMPORAL_API_KEY/],
  ['is away', async () => ({ address: '127.0.0.1:1', close: () => undefined }), /cannot be reached/],
])(
  'what was saved stays saved where Temporal %s, and why its schedules do not follow is said',
  async (_, start, why) => {
    const db = connectDatabase((await testDatabase()).url);
    const temporal = await start();
    const connection = Connection.lazy({ address: temporal.address });
    try {
      await createConnection(db, { id: 'demo', connector: 'church', settings: {} });
      const said = await agreeOrLater(readyContext({ db, client: new Client({ connection }), connectors: [] }));
      expect(said).toEqual({ agreed: null, delayedBecause: expect.stringMatching(why) });
    } finally {
      await connection.close();
      temporal.close();
      await db.destroy();
    }
  },
);
