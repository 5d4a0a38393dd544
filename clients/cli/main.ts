#!/usr/bin/env node
import { runCli } from './program';

// A reader that has seen enough (`tidemark runs | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

void runCli(process.argv.slice(2)).then((status) => {
  // Not by waiting for the last handle: a pooled connection must not keep the shell waiting.
  process.stdout.write('', () => process.exit(status));
});
