import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { readAll, startSource, testClient } from '../test/httpSource';

/** Signed by nobody but itself; used nowhere else. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBgDCCASWgAwIBAgIUFD7HBlDesvkpE+YDBNa9ngXEgWkwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTEyNDE1OFoYDzIxMjYxMDI4
MTI0MTU4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAT8a18NG/AbfHfwozC9o9mrrcIA7mt88ef+1b5zHMV9r7xdrKGkAzYX
6HijKGel4RDcbRNG+KixLlcUGbZPGJmeo1MwUTAdBgNVHQ4EFgQUXLeAYjYvQlwR
9cjV38pyvEEaOy4wHwYDVR0jBBgwFoAUXLeAYjYvQlwR9cjV38pyvEEaOy4wDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEArMnMsJpnicmzNfI3FXKe
7bKIFFawDawug93ZGm+uHBYCIQCXlAt1lbkdritAiuWdxGdUIoQaMy9vaTa6U0R/
IrisUw==
-----END CERTIFICATE-----`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgpvhszxAwHR4CWGeT
sJn//bC31Y0AgBdH0hsPr4PujvShRANCAAT8a18NG/AbfHfwozC9o9mrrcIA7mt8
8ef+1b5zHMV9r7xdrKGkAzYX6HijKGel4RDcbRNG+KixLlcUGbZPGJme
-----END PRIVATE KEY-----`;

test('a certificate that nobody vouches for is final, and nothing is sent', async () => {
  let asked = 0;
  const server = createServer({ cert: certificate, key }, (_, response) => {
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
