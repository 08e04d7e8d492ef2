/** `pip download`, which knows the user's mirrors and proxies, made to tell how far it is. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { OnReceived } from './download.js';
import { runTool, type ToolResult } from './run-tool.js';

const MILLISECONDS_BETWEEN_LOOKS = 500;

const UNITS: Readonly<Record<string, number>> = { bytes: 1, kB: 1e3, MB: 1e6, GB: 1e9 };

/**
 * Downloads one wheel into a folder. pip shows no progress to a program, so the file that grows is watched.
 * @param requirement as pip takes it: "tensorflow-cpu==2.21.0"
 */
export async function pipDownload(
  requirement: string,
  folder: string,
  onReceived: OnReceived,
  options: readonly string[] = [],
): Promise<ToolResult> {
  let total = 0;
  const watch = setInterval(async () => {
    const received = await largestWheel(folder);
    if (received > 0) onReceived(received, Math.max(total, received));
  }, MILLISECONDS_BETWEEN_LOOKS);
  try {
    const download = ['-m', 'pip', 'download', '--disable-pip-version-check', '--progress-bar', 'off'];
    // Wheels are kept in the cache of kn: pip need not keep them a second time.
    const how = ['--no-cache-dir', '--no-deps', '--only-binary', ':all:', '--dest', folder, ...options];
    return await runTool('python3', [...download, ...how, requirement], {
      // Where pip puts a file until it is whole: on the disk whose room was looked at, and where it can be watched.
      env: { TMPDIR: folder },
      onLine: line => {
        total = announcedBytes(line) ?? total;
      },
    });
  } finally {
    clearInterval(watch);
  }
}

/** pip announces a file: "Downloading https://.../x.whl (594.3 MB)". */
export function announcedBytes(line: string): number | undefined {
  const found = /Downloading .*\.whl \((\d+(?:\.\d+)?) (bytes|kB|MB|GB)\)/.exec(line);
  return found ? Math.round(Number(found[1]) * UNITS[found[2]]) : undefined;
}

async function largestWheel(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = names
    .filter(name => name.endsWith('.whl'))
    .map(name =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return Math.max(0, ...(await Promise.all(sizes)));
}
