/** What a wheel asks for: the `Requires-Dist` lines of its METADATA. */
import { UserError } from '../errors.js';
import { readZipText } from './zip.js';

export interface Requirement {
  readonly project: string;
  /** As PEP 440 writes it: "<13.0,>=12.5.3.2". */
  readonly specifier: string;
}

/** The extra of TensorFlow's wheel that stands for the CUDA libraries. */
const CUDA_EXTRA = 'and-cuda';

/** @throws UserError where the wheel is damaged, or names no CUDA libraries */
export async function cudaRequirementsOf(wheel: string): Promise<Requirement[]> {
  const metadata = await readZipText(wheel, /^[^/]+\.dist-info\/METADATA$/);
  const requirements = requirementsOf(metadata ?? '', CUDA_EXTRA);
  if (requirements.length > 0) return requirements;
  throw new UserError(
    `${wheel}: its METADATA names no CUDA libraries (extra ${CUDA_EXTRA})`,
    'Give a wheel of tensorflow, 2.14 or newer, for Linux x64.',
  );
}

/**
 * The requirements of one extra. All else that a marker may say ("python_version < 3.13") is left out of account:
 * TensorFlow's CUDA libraries have the extra alone.
 */
export function requirementsOf(metadata: string, extra: string): Requirement[] {
  const header = metadata.replace(/\r\n/g, '\n').split('\n\n', 1)[0];
  return header.split('\n').flatMap(line => {
    const found =
      /^Requires-Dist:\s*(\w[\w.-]*)\s*(?:\[[^\]]*\])?\s*([^;]*);.*\bextra\s*==\s*["']([^"']+)["']/.exec(
        line,
      );
    if (found?.[3] !== extra) return [];
    // Old wheels put the specifier in parentheses.
    return [{ project: found[1], specifier: found[2].replace(/[()\s]/g, '') }];
  });
}
