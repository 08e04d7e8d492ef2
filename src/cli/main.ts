import { Command } from 'commander';
import { Interrupted } from '../errors.js';
import { VERSION } from '../version.js';
import { addCompare } from './commands/compare.js';
import { addDoctor } from './commands/doctor.js';
import { addEdit } from './commands/edit.js';
import { addEnhance } from './commands/enhance.js';
import { addErase } from './commands/erase.js';
import { addEvaluate } from './commands/evaluate.js';
import { addFind } from './commands/find.js';
import { addPlot } from './commands/plot.js';
import { addSetup } from './commands/setup.js';
import { addStats } from './commands/stats.js';
import { addSuppress } from './commands/suppress.js';
import { refuseEmptyValues } from './options/empty-values.js';
import { reportError } from './output/exit.js';
import { endingOnSignals } from './output/interrupt.js';
import { outliveOutput } from './output/output-errors.js';
import { printAside } from './output/print.js';

const DETAILS = `
A first look, without any download:
  kn evaluate pararel --model demo

Each command explains itself: kn help find, or kn find --help`;

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
    .exitOverride()
    .configureOutput({ outputError: message => printAside(...messageLines(message)) });
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
  process.once('uncaughtException', error => process.exit(reportError(error)));
  try {
    const program = createProgram();
    await endingOnSignals(() => program.parseAsync(helpAsOption(program, argv)));
  } catch (error) {
    process.exitCode = reportError(error);
    // What was under way, a download perhaps, would keep this process; nothing of it is lost.
    if (error instanceof Interrupted) process.exit();
  }
}

/** "kn help evaluate update" as "kn evaluate update --help": commander's own knows no commands of commands. */
function helpAsOption({ commands }: Command, argv: readonly string[]): string[] {
  const [node, script, first, ...asked] = argv;
  if (first !== 'help') return [...argv];
  // What is no command is refused as one, in place of general help.
  const isKnown = asked.length === 0 || commands.some(command => command.name() === asked[0]);
  return [node, script, ...asked, ...(isKnown ? ['--help'] : [])];
}

/** Commander's own messages are one line, which repeats what was typed, and perhaps a second with what may have been meant. */
function messageLines(message: string): string[] {
  const [, text = '', meant] = /^(.*?)(?:\n(\(Did you mean [^\n]*\?\)))?\n?$/s.exec(message) ?? [];
  return meant === undefined ? [text] : [text, meant];
}
