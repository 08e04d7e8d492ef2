import { readFileSync } from 'node:fs';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * Starts first what takes longest, so that no long file is left to run alone at the end: the files on SwiftShader, then
 * those that start kn. Vitest's own order goes by what the files took the last time, which a clean clone does not know.
 */
export class SlowFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const slowness = new Map(sorted.map(file => [file, slownessOf(readFileSync(file.moduleId, 'utf8'))]));
    return sorted.sort((a, b) => (slowness.get(b) ?? 0) - (slowness.get(a) ?? 0));
  }
}

function slownessOf(source: string): number {
  if (source.includes('/swiftshader.js')) return 2;
  return /\/(run-kn|demo-run|expect-refusal)\.js'/.test(source) ? 1 : 0;
}
