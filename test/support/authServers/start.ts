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
export async function startAuthServer(name: 'mockServer' | 'oidcProvider', redirectUri?: string): Promise<AuthServer> {
  const child = spawn(
    process.execPath,
    [join(__dirname, `${name}.mjs`), ...(redirectUri === undefined ? [] : [redirectUri])],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
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

/** Has a real browser open a page, sign in at oidc-provider and allow access. Returns every address it was at and the last page's text. */
export async function signIn(url: string): Promise<{ readonly visited: readonly string[]; readonly text: string }> {
  const child = spawn(process.execPath, [join(__dirname, 'browser.mjs'), url], { stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  let said = '';
  child.stdout.on('data', (text: Buffer) => (printed += text.toString()));
  child.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const [code] = (await once(child, 'close')) as [number];
  if (code !== 0) throw new Error(`the browser failed: ${said}`);
  return JSON.parse(printed) as { visited: string[]; text: string };
}
