/** What Dawn is told to look for. Its OpenGL runs no kernels of tfjs, and its null backend none at all. */
export function gpuBackend(): 'vulkan' | 'metal' | 'd3d12' {
  if (process.platform === 'darwin') return 'metal';
  return process.platform === 'win32' ? 'd3d12' : 'vulkan';
}
