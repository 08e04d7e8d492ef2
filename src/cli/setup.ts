import { Argument, type Command } from 'commander';
import { addOutputOptions, type OutputOptions } from './options.js';

export interface SetupOptions extends OutputOptions {
  readonly from?: string;
  readonly remove?: boolean;
}

const DETAILS = `
The tensorflow engine is several times as fast as wasm, which comes with kn. It is made of libtensorflow, from PyPI's
wheel (274 MB, fetched once through pip, which knows your mirrors and proxies, or by HTTPS where pip is not here), and
of an addon that your C++ compiler builds. It takes 860 MB in your data folder (KN_DATA), where all projects share it
and npm does not touch it. It is used by itself from then on; kn doctor shows it.

Examples:
  kn setup tensorflow
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
    .option('--remove', 'take the engine off this machine');
  addOutputOptions(command).addHelpText('after', DETAILS);
  command.action(async (_: string, options: SetupOptions) => {
    const { UsageError } = await import('../errors.js');
    if (options.remove && options.from !== undefined) throw new UsageError('--remove takes no --from');
    const { removeEngine, setUpEngine } = await import('./set-up.js');
    await (options.remove ? removeEngine(options) : setUpEngine(options));
  });
}
