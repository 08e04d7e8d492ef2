/** The command line that gives a run's results again, with every option that decides numbers written out, and no other. */
import { DEFAULTS } from './defaults.js';
import { methodOf } from './finding.js';
import type { RunRequest } from './request.js';

const THRESHOLD_FLAGS = {
  adaptive: '--adaptive-threshold',
  absolute: '--threshold',
  percentile: '--percentile',
};

/** What an experiment adds. */
export interface CommandParts {
  /** As the user knows it: "evaluate pararel". */
  readonly command: string;
  /** Before and behind the negative prompts' option: its own options that decide numbers. */
  readonly words: { readonly first: readonly string[]; readonly last: readonly string[] };
  /** Whether it draws anything, beside negative prompts. */
  readonly draws: boolean;
}

export function commandLine(request: RunRequest, { command, words, draws }: CommandParts): string {
  const { model, data, asking, protocol, neurons, controls } = request;
  const line = ['kn', ...command.split(' '), '--model', model.id];
  if (model.revision !== DEFAULTS.revision) line.push('--revision', model.revision);
  line.push('--data', data.name);
  if (data.relations) line.push('--relations', data.relations.join());
  if (data.limit !== null) line.push('--limit', String(data.limit));
  if (data.facts) line.push('--facts', data.facts.join());
  if (data.maxAnswerTokens !== null) line.push('--max-answer-tokens', String(data.maxAnswerTokens));
  if (asking.site) line.push('--site', asking.site);
  line.push('--continuation', asking.continuation);
  if ('given' in neurons) {
    const { given } = neurons;
    line.push('--neurons', typeof given === 'string' ? given : JSON.stringify(given));
    if (protocol !== DEFAULTS.protocol) line.push('--protocol', protocol);
  } else {
    const { threshold, share } = neurons;
    line.push('--protocol', protocol);
    for (const [name, value] of Object.entries(methodOf(neurons))) line.push(`--${name}`, String(value));
    line.push(THRESHOLD_FLAGS[threshold.kind], String(threshold.value), '--share', String(share));
  }
  line.push(...words.first);
  if (controls.negatives !== null) line.push('--negatives', String(controls.negatives));
  line.push(...words.last);
  // An experiment that draws with the same seed says so itself.
  if ((draws || controls.negatives !== null) && !line.includes('--seed'))
    line.push('--seed', String(controls.seed));
  return line.map(quoted).join(' ');
}

function quoted(word: string): string {
  return /^[\w./:,=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
