/**
 * What kn of the archive needs in its environment to find this machine's GPU, as lines that a shell evaluates (launcher.sh):
 * nothing where the machine has all of Vulkan, or no GPU.
 */
import { ENVIRONMENT, searchGpu } from './drivers.js';

const before = { ...process.env };
await searchGpu();
for (const name of ENVIRONMENT) {
  const value = process.env[name];
  if (value !== undefined && value !== before[name]) console.log(`export ${name}=${quoted(value)}`);
}

/** One word of a shell, whatever is in it. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
