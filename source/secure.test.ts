import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificate, certificateKey } from '../test/support/sources/certificate';
import { readAll, startSource, testClient } from '../test/support/sources/httpSource';

test('a certificate that nobody vouches for is final, and nothing is sent', async () => {
  let asked = 0;
  const server = createServer({ cert: certificate, key: certificateKey }, (_, response) => {
    asked += 1;
    response.end('[]');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const reading = readAll(testClient(`https://127.0.0.1:${(server.address() as AddressInfo).port}`));
    await expect(reading).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringMatching(/no secure connection to 127\.0\.0\.1:\d+ \(.*SELF_SIGNED.*\)\. Nothing was sent/),
    });
    expect(asked).toBe(0);
  } finally {
    server.close();
  }
});

test('https to a port that speaks http is final', async () => {
  const source = await startSource((_, response) => response.end('[]'));
  try {
    await expect(readAll(testClient(source.baseUrl.replace('http:', 'https:')))).rejects.toMatchObject({
      type: 'ContractBroken',
      message: expect.stringContaining('no secure connection'),
    });
  } finally {
    await source.close();
  }
});

test('a host that is not there can be tried again', async () => {
  const source = await startSource((_, response) => response.end('[]'));
  await source.close();
  await expect(readAll(testClient(source.baseUrl))).rejects.toMatchObject({
    type: 'SourceUnavailable',
    message: expect.stringContaining('cannot be reached (ECONNREFUSED) (tried 4 times)'),
  });
});
