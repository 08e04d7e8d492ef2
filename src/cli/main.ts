import { Command } from 'commander';
import { addCompare } from './compare.js';
import { addDoctor } from './doctor.js';
import { addEdit } from './edit.js';
import { refuseEmptyValues } from './empty-values.js';
import { addEnhance } from './enhance.js';
import { addErase } from './erase.js';
import { addEvaluate } from './evaluate.js';
import { reportError } from './exit.js';
import { addFind } from './find.js';
import { outliveOutput } from './output-errors.js';
import { addPlot } from './plot.js';
import { addSetup } from './setup.js';
import { addStats } from './stats.js';
import { addSuppress } from './suppress.js';
import { VERSION } from './version.js';

const DETAILS = `
A first look, without any download:
  kn evaluate pararel --model demo

Each command explains itself: kn find --help`;

function createProgram(): Command {
  const program = new Command('kn')
    .description(
      'Find the neurons of a pretrained transformer that express a fact, switch them off and on, and measure it.',
    )
    .version(VERSION, '-V, --version', 'show the version')
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .showHelpAfterError('(kn --help, or kn <command> --help, explains the options)')
    .addHelpText('after', DETAILS)
    .hook('preAction', (_, command) => refuseEmptyValues(command))
    .exitOverride();
  for (const add of [
    addFind,
    addSuppress,
    addEnhance,
    addErase,
    addEdit,
    addEvaluate,
    addPlot,
    addStats,
    addCompare,
    addDoctor,
    addSetup,
  ])
    add(program);
  return program;
}

/** Runs the command line. The exit code is left in `process.exitCode`. */
export async function main(argv: readonly string[]): Promise<void> {
  outliveOutput();
  try {
    await createProgram().parseAsync([...argv]);
  } catch (error) {
    process.exitCode = reportError(error);
  }
}
