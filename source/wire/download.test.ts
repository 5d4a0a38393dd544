import { atEnd } from '../../test/environment';
import { json, startSource } from '../../test/support/sources/httpSource';
import { startDownload } from './download';
import { PrivateAddress } from './publicAddress';

/** Where a document may come from is judged at the address that is connected to. */
const limits = { bytes: 1_000_000, timeoutMs: 5_000, idleMs: 5_000 };

async function document() {
  const storage = await startSource((_request, response) => json(response, { rows: [] }));
  atEnd(() => storage.close());
  return { storage, byName: new URL(storage.baseUrl.replace('127.0.0.1', 'localhost')) };
}

const from = (url: URL, api: string) => startDownload(url, new URL(api), limits, new AbortController().signal);

test('a name that resolves to this machine is not connected to', async () => {
  const { storage, byName } = await document();
  await expect(from(byName, 'https://api.example.com')).rejects.toBeInstanceOf(PrivateAddress);
  expect(storage.requests).toEqual([]);
});

test('a simulator on this machine may have its documents here', async () => {
  const { byName } = await document();
  const { status, bytes } = await from(byName, 'http://127.0.0.1:1');
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  expect([status, Buffer.concat(chunks).toString()]).toEqual([200, '{"rows":[]}']);
});
