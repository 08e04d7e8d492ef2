/**
 * A GPU for tests on machines without one: SwiftShader, Chromium's Vulkan on the processor. Slow (it compiles some sixty
 * kernels in a second, in every process anew, and computes twenty times slower than wasm), but Dawn and tfjs do all that
 * they do on a GPU.
 */
import { existsSync } from 'node:fs';
import { describe, it } from 'vitest';

/** Where distributions put Chromium's description of it. */
const MANIFESTS = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/usr/lib64/chromium-browser/vk_swiftshader_icd.json',
  '/opt/google/chrome/vk_swiftshader_icd.json',
];

const manifest = MANIFESTS.find(path => existsSync(path));

export const NO_SWIFTSHADER =
  'no SwiftShader here (on Debian: apt-get install --no-install-recommends chromium libvulkan1)';

/** The environment that makes SwiftShader the one adapter, and takes it; undefined where it is not installed. */
export const SWIFTSHADER: Readonly<Record<string, string>> | undefined =
  manifest === undefined ? undefined : { VK_DRIVER_FILES: manifest, KN_WEBGPU_ADAPTER: 'SwiftShader' };

/** `describe`, or where SwiftShader is not installed a skipped test that says so. */
export function describeOnSwiftShader(
  title: string,
  body: (env: Readonly<Record<string, string>>) => void,
): void {
  const env = SWIFTSHADER;
  if (env) describe(title, () => body(env));
  else it.skip(`${title}: skipped, since there is ${NO_SWIFTSHADER}`, () => undefined);
}
