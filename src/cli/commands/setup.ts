import { Argument, type Command } from 'commander';
import { addOutputOptions, type OutputOptions } from '../options/options.js';

interface Options extends OutputOptions {
  readonly from?: string;
  readonly cuda?: boolean;
  readonly force?: boolean;
  readonly remove?: boolean;
}

const DETAILS = `
The tensorflow engine is several times as fast as wasm, which comes with kn. It is made of libtensorflow, from PyPI's
wheel (274 MB, fetched once through pip, which knows your mirrors and proxies, or by HTTPS where pip is not here), and
of an addon that your C++ compiler builds. It takes 860 MB in your data folder (KN_DATA), where all projects share it
and npm does not touch it. It is used by itself from then on; kn doctor shows it.

With --cuda it is libtensorflow for NVIDIA's GPUs: the wheel tensorflow (573 MB) and the CUDA libraries that it asks
for (about 2.7 GB), fetched in the same way. The machine needs NVIDIA's driver (525.60 or newer) and nothing else of
CUDA; the engine takes about 6 GB. It computes on the CPU where no GPU is, or CUDA_VISIBLE_DEVICES is -1. kn's
developers had no such GPU: its parts are tested, the whole has never run on one.

Examples:
  kn setup tensorflow
  kn setup tensorflow --cuda
  kn setup tensorflow --from tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl
  kn setup --remove`;

export function addSetup(program: Command): void {
  const command = program
    .command('setup')
    .description('install a faster engine')
    .addArgument(new Argument('[engine]', 'which one').choices(['tensorflow']).default('tensorflow'))
    .option(
      '--from <source>',
      '"pypi", "google" (libtensorflow 2.9.1, the build that tfjs-node itself fetches), or the path of a wheel, a libtensorflow tarball or a folder (default: "pypi")',
    )
    .option('--cuda', "compute on NVIDIA's GPUs")
    .option('--force', 'with --cuda: also on a machine without a GPU, for one that has some')
    .option('--remove', 'take the engine off this machine');
  addOutputOptions(command).addHelpText('after', DETAILS);
  command.action(async (_: string, options: Options) => {
    const { UsageError } = await import('../../errors.js');
    const { from, cuda, force, remove } = options;
    if (remove && (from !== undefined || cuda || force))
      throw new UsageError('--remove takes no --from, --cuda or --force');
    if (force && !cuda) throw new UsageError('--force is for --cuda');
    if (cuda && from !== undefined && from !== 'pypi' && !from.endsWith('.whl'))
      throw new UsageError(
        '--cuda takes "pypi" or the path of a wheel (.whl) as --from: wheels alone name their CUDA libraries',
      );
    const { removeEngine, setUpEngine } = await import('./set-up.js');
    const request = { from: from ?? 'pypi', cuda: cuda ?? false, force: force ?? false };
    await (remove ? removeEngine(options) : setUpEngine(request, options));
  });
}
