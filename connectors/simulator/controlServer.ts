import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { ControlError, type Route } from './control';

/** Answers a request below `/control`: JSON in, JSON out, only from this machine. */
export async function handleControl<Control>(
  control: Control,
  routes: readonly Route<Control>[],
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const answer = (code: number, body: unknown) => {
    response.writeHead(code, { 'Content-Type': 'application/json' });
    response.end(`${JSON.stringify(body ?? { ok: true })}\n`);
  };
  if (!fromThisMachine(request)) return answer(403, { error: 'the control API answers only to this machine' });
  for (const route of routes) {
    const parts = route.method === request.method ? match(route.path, url.pathname) : undefined;
    if (!parts) continue;
    try {
      return answer(200, await route.run({ control, url, parts, body: await json(request) }));
    } catch (error) {
      if (error instanceof ControlError) return answer(409, { error: error.message });
      if (error instanceof z.ZodError) return answer(400, { error: z.prettifyError(error) });
      if (error instanceof SyntaxError) return answer(400, { error: `the body is not JSON: ${error.message}` });
      throw error;
    }
  }
  answer(404, { error: `no ${request.method} ${url.pathname}; GET /control lists what there is` });
}

/** The connection must come from loopback, and the Host header too, so that no web page can reach it by a name of its own. */
function fromThisMachine(request: IncomingMessage): boolean {
  const address = request.socket.remoteAddress?.replace('::ffff:', '') ?? '';
  const host = (request.headers.host ?? '').replace(/:\d+$/, '');
  return (address === '::1' || address.startsWith('127.')) && ['127.0.0.1', 'localhost', '[::1]'].includes(host);
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.replace(/\/$/, '').split('/');
  if (wanted.length !== given.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [index, piece] of wanted.entries()) {
    const value = given[index] ?? '';
    if (piece.startsWith(':')) parts[piece.slice(1)] = decodeURIComponent(value);
    else if (piece !== value) return undefined;
  }
  return parts;
}

async function json(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text === '' ? undefined : JSON.parse(text);
}
