import { reasonOf, systemErrorCode } from '../../errors.js';
import { EngineAbsent } from './absent.js';

/**
 * Dawn, in the optional package webgpu.
 * @throws EngineAbsent where it is not installed, or has nothing for this machine
 */
export async function loadDawn() {
  try {
    return await import('webgpu');
  } catch (error) {
    switch (systemErrorCode(error)) {
      case 'ERR_MODULE_NOT_FOUND':
        throw new EngineAbsent(
          'the package webgpu is not installed',
          'Install knowledge-neurons with its optional dependencies, or leave --engine out.',
          { cause: error },
        );
      case 'MODULE_NOT_FOUND':
        throw new EngineAbsent(
          `the package webgpu has nothing for ${process.platform} ${process.arch}`,
          'Leave --engine out.',
          { cause: error },
        );
      // A C library that is older than Dawn's, or another one.
      case 'ERR_DLOPEN_FAILED':
        throw new EngineAbsent(
          `the package webgpu does not load here: ${reasonOf(error)}`,
          'Leave --engine out.',
          { cause: error },
        );
      default:
        throw error;
    }
  }
}
