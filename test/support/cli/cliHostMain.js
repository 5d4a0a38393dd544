// The program of `startCliHost`: runs each command that it is sent and replies with what the command printed.
const { join } = require('node:path');
const { runCli } = require(join(__dirname, '..', '..', '..', 'dist', 'clients', 'cli', 'program.js'));

process.on('disconnect', () => process.exit(0));
process.on('message', async ({ args, cwd, env }) => {
  process.env = { ...env };
  process.chdir(cwd);
  const stdout = capture(process.stdout);
  const stderr = capture(process.stderr);
  const status = await runCli(args);
  process.send({ status, stdout: stdout(), stderr: stderr() });
});

function capture(stream) {
  const { write } = stream;
  let text = '';
  stream.write = (chunk, ...rest) => {
    text += chunk;
    const done = rest.find((value) => typeof value === 'function');
    if (done) process.nextTick(done);
    return true;
  };
  return () => {
    stream.write = write;
    return text;
  };
}
