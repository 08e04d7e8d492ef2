import { type Command, Option } from 'commander';
import { ENGINE_CHOICES, type EngineChoice } from '../../runtime/engine-names.js';
import { EXIT } from '../output/exit.js';
import { print } from '../output/print.js';

interface Options {
  readonly engine: EngineChoice;
  readonly bench: boolean;
  readonly json?: boolean;
}

const DETAILS = `
Starts every engine in a process of its own, and multiplies matrices on it for a second. GFLOPS are of one worker.
Exits with 1 where the engine that --engine names cannot be used.

Examples:
  kn doctor
  kn doctor --engine tensorflow --no-bench --json`;

export function addDoctor(program: Command): void {
  program
    .command('doctor')
    .description('show which engines this machine can run, how fast, and what mends those that it cannot')
    .addOption(
      new Option('--engine <engine>', 'the one that must be usable').choices(ENGINE_CHOICES).default('auto'),
    )
    .option('--no-bench', 'do not measure')
    .option('--json', 'one JSON object on standard output')
    .addHelpText('after', DETAILS)
    .action(async ({ engine, bench, json }: Options) => {
      const { examine } = await import('../../setup/examine.js');
      const { examinationJson, examinationText } = await import('../output/examination-text.js');
      const examination = await examine(engine, bench);
      print(...(json ? [examinationJson(examination)] : examinationText(examination)));
      process.exitCode = examination.taken.length > 0 ? EXIT.done : EXIT.failed;
    });
}
