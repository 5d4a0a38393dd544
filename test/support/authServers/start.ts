import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface AuthServer {
  readonly issuer: string;
  /** of the API that accepts its tokens */
  readonly baseUrl: string;
  stop(): Promise<void>;
}

/** Starts a real authorization server in a process of its own: both are ES modules, which Jest cannot load. */
export async function startAuthServer(name: 'mockServer' | 'oidcProvider'): Promise<AuthServer> {
  const child = spawn(process.execPath, [join(__dirname, `${name}.mjs`)], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said += text.toString();
  });
  const exited = once(child, 'exit');
  for await (const line of createInterface(child.stdout)) {
    if (!line.startsWith('{')) continue;
    return {
      ...(JSON.parse(line) as { issuer: string; baseUrl: string }),
      async stop() {
        child.kill('SIGKILL');
        await exited;
      },
    };
  }
  throw new Error(`${name} ended at once: ${said}`);
}
