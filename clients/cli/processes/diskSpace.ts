import { statfs } from 'node:fs/promises';

/** What is free where a folder lies, in bytes and as a share of it. */
export async function diskSpace(folder: string): Promise<{ readonly free: number; readonly share: number }> {
  const { bavail, bsize, blocks } = await statfs(folder);
  return { free: bavail * bsize, share: blocks === 0 ? 1 : bavail / blocks };
}
