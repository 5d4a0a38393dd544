import { statfs } from 'node:fs/promises';

/** The free space of the file system that contains a folder, in bytes and as a share. */
export async function diskSpace(folder: string): Promise<{ readonly free: number; readonly share: number }> {
  const { bavail, bsize, blocks } = await statfs(folder);
  return { free: bavail * bsize, share: blocks === 0 ? 1 : bavail / blocks };
}
