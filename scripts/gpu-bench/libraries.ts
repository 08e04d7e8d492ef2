/** Whether this machine has a library, as its own linker finds it. */
import { spawnSync } from 'node:child_process';

/** To be tried by a process of its own: a driver's library runs code when it is loaded. */
const LOAD = 'process.dlopen({ exports: {} }, process.argv[1])';

/** What Node says of a library that was loaded and is none of its own addons. */
const LOADED = 'did not self-register';

/**
 * Why a library cannot be loaded, in the linker's words; undefined where it can be.
 * @param environment in which it is tried
 */
export function whyNotLoaded(name: string, environment: NodeJS.ProcessEnv = process.env): string | undefined {
  const { status, signal, stderr } = spawnSync(process.execPath, ['-e', LOAD, name], {
    env: environment,
    encoding: 'utf8',
  });
  if (status === 0 || stderr.includes(LOADED)) return undefined;
  const reason = /^Error: (.*)$/m.exec(stderr)?.[1];
  return (
    reason?.replace(`${name}: `, '') ?? `the process that tried ended with ${signal ?? `code ${status}`}`
  );
}
