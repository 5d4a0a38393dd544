import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { type Problem, problem, sendProblem } from './problem';
import { securityHeaders, setSecurityHeaders } from './securityHeaders';

/** What never becomes a request to a route: its address, or its HTTP, is malformed. */

/** For addresses that the router can't read; hooks do not run for them. */
export function refuseAddress(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-request-id', request.id);
  setSecurityHeaders(reply);
  const found = addressProblem(error);
  request.log.warn({ method: request.method, status: found.status }, 'answered');
  sendProblem(reply, found);
}

function addressProblem({ code }: FastifyError): Problem {
  if (code === 'FST_ERR_MAX_PARAM_LENGTH') {
    return problem(414, 'Usage', 'Too long', 'A name or number in the path is longer than any can be.');
  }
  return problem(
    400,
    'Usage',
    'Wrong request',
    'The path is malformed: write a percent sign as %25, and everything else percent-encoded in UTF-8.',
  );
}

const details: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers and the address are longer than 16 KiB together.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not arrive within its time.'],
};

/** For bytes that are no HTTP: a socket is all there is to answer on. */
export function refuseBytes(log: Logger) {
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const [status, detail] = details[error.code ?? ''] ?? [400, 'This is no HTTP/1.1 request.'];
    const instance = randomUUID();
    log.warn({ reqId: instance, status, code: error.code }, 'no HTTP request');
    const body = JSON.stringify({ ...problem(status, 'Usage', 'Wrong request', detail), instance });
    const head = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${instance}`,
      'connection: close',
      ...Object.entries(securityHeaders).map(([name, value]) => `${name}: ${value}`),
    ];
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  };
}
