import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { Answer, ErrorAnswer } from './answer';
import { type Fault, faultOf } from './faults';

const loginPage = '<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>';

/** Replaces the answer where a fault says so. */
export function spoil(
  answer: Answer,
  faults: readonly Fault[],
  pathAndQuery: string,
  errorAnswer: ErrorAnswer,
): Answer {
  let spoiled = answer;
  for (const fault of faults) spoiled = spoilOnce(spoiled, fault, pathAndQuery, errorAnswer);
  return spoiled;
}

function spoilOnce(answer: Answer, fault: Fault, pathAndQuery: string, errorAnswer: ErrorAnswer): Answer {
  switch (fault.kind) {
    case 'status': {
      const usual = errorAnswer(fault.status, undefined, fault.headers);
      return fault.body === undefined ? usual : { ...usual, body: fault.body };
    }
    case 'body':
      return {
        status: 200,
        headers: { ...answer.headers, ...(fault.contentType ? { 'Content-Type': fault.contentType } : {}) },
        body: fault.body,
      };
    case 'errorBody':
      return { ...errorAnswer(500), status: 200 };
    case 'html':
      return { status: 200, headers: { 'Content-Type': 'text/html; charset=utf-8' }, body: loginPage };
    case 'null':
      return { ...answer, status: 200, body: 'null' };
    case 'empty':
      return { ...answer, status: 200, body: '' };
    case 'truncatedJson':
      return { ...answer, body: answer.body.slice(0, answer.body.length >> 1) };
    case 'redirect':
      return {
        status: fault.status,
        headers: { Location: fault.location.replace('{path}', pathAndQuery) },
        body: '',
      };
    default:
      return answer;
  }
}

/** Sends the answer, or as much of it as the faults let through. Returns the status that the client saw, 0 for none. */
export function send(response: ServerResponse, answer: Answer, faults: readonly Fault[], date: Date): number {
  if (faultOf(faults, 'reset')) {
    response.destroy();
    return 0;
  }
  const hang = faultOf(faults, 'hang');
  if (hang && !hang.afterHeaders) return 0;
  const body = encoded(answer, faults);
  response.writeHead(answer.status, {
    ...answer.headers,
    ...body.headers,
    'Content-Length': body.bytes.length,
    Date: date.toUTCString(),
  });
  const half = body.bytes.subarray(0, body.bytes.length >> 1);
  if (hang) response.write(half);
  // the connection may go only when the half has left, or the client would see none of it
  else if (faultOf(faults, 'cut')) response.write(half, () => response.destroy());
  else response.end(body.bytes);
  return answer.status;
}

function encoded(answer: Answer, faults: readonly Fault[]): { bytes: Buffer; headers: Record<string, string> } {
  const bomb = faultOf(faults, 'gzipBomb');
  if (bomb) {
    const spaces = Buffer.alloc(bomb.megabytes * 1024 * 1024, ' ');
    return { bytes: gzipSync(spaces), headers: { 'Content-Encoding': 'gzip' } };
  }
  if (faultOf(faults, 'gzip')) return { bytes: gzipSync(answer.body), headers: { 'Content-Encoding': 'gzip' } };
  return { bytes: Buffer.from(answer.body), headers: {} };
}
