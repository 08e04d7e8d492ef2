/** Command lines that a user gets wrong: one clear line or two, exit code 2. */
import { describe, it } from 'vitest';
import { expectRefusal } from '../testing/expect-refusal.js';

const one = ['--model', 'demo', '--answer', 'paris', '--prompt', 'france is governed from [MASK].'];

describe('a command line that means nothing', () => {
  it.each<[string[], RegExp]>([
    [['serve'], /unknown command 'serve'/],
    [['evaluate'], /Commands:\n +pararel .*\n +update .*\n +erasure /],
    [['evaluate', 'lama'], /unknown command 'lama'/],
    [['evaluate', 'update', '--model', 'demo', '--shared', '2'], /Expected a number from 0 to 1/],
    [
      ['evaluate', 'update', '--model', 'demo', '--edit-rule', 'rome'],
      /Allowed choices are eleutherai, paper/,
    ],
    [['evaluate', 'erasure', '--model', 'demo', '--top', '0'], /Expected a whole number from 1/],
    [
      ['evaluate', 'erasure', '--model', 'demo', '--relations', 'P36,P30', '--erase', 'P36,P19'],
      /--erase: no fact of a relation P19 is selected\nThere are facts of P30, P36/,
    ],
    [['find', '--shares', '0.5'], /unknown option '--shares'\n\(Did you mean --share\?\)/],
    [
      ['find', ...one, '--steps', '0'],
      /'--steps <n>' argument '0' is invalid. Expected a whole number from 1 to 10000/,
    ],
    [['find', ...one, '--steps', '2.5'], /Expected a whole number/],
    [['find', ...one, '--steps', '1'], /--steps: riemann_endpoints takes 2 or more, not 1/],
    [['find', ...one, '--share', '1'], /Expected a number from 0 to below 1/],
    [['find', ...one, '--share', 'half'], /Expected a number from 0 to below 1/],
    [['find', ...one, '--adaptive-threshold', '-0.1'], /Expected a number from 0 to 1/],
    [['find', ...one, '--percentile', '101'], /Expected a number from 0 to 100/],
    [
      ['find', ...one, '--threshold', '1', '--percentile', '5'],
      /'--threshold <score>' cannot be used with option '--percentile <p>'/,
    ],
    [['find', ...one, '--rule', 'simpson'], /Allowed choices are riemann_endpoints, riemann_left/],
    [['find', ...one, '--method', 'saliency'], /Allowed choices are integrated_gradients, gradient_x/],
    [
      ['find', ...one, '--method', 'activation', '--steps', '20'],
      /--steps is of no use with --method activation\nLeave out one of them/,
    ],
    [
      [
        'evaluate',
        'pararel',
        '--model',
        'demo',
        '--method',
        'gradient_x_activation',
        '--rule',
        'gausslegendre',
      ],
      /--rule is of no use with --method gradient_x_activation/,
    ],
    [['enhance', ...one, '--factor', '-2'], /Expected a number from 0 to 1000000/],
    [['evaluate', 'pararel', '--model', 'demo', '--workers', '0'], /Expected a whole number from 1 to 1024/],
    [['evaluate', 'pararel', '--model', 'demo', '--limit', '0'], /Expected a whole number from 1/],
    [
      ['evaluate', 'pararel', '--model', 'demo', '--relations', 'P36,'],
      /Expected names with commas between them/,
    ],
    [['evaluate', 'pararel', '--model', 'demo', '--relations', 'P36,P99'], /has no relation P99/],
    [
      ['evaluate', 'pararel', '--model', 'demo', '--relations', 'P36'],
      /none is unrelated to another\nChoose two relations or more/,
    ],
    [['evaluate', 'pararel', '--model', 'demo', '--facts', 'zz'], /no fact has the uuid zz/],
    [['find', '--model', 'demo', '--prompt', 'x [MASK]'], /--prompt needs --answer/],
    [['find', '--model', 'demo', '--answer', 'paris'], /--answer needs a --prompt/],
    [['suppress', ...one, '--neurons', '[[1,2],[1'], /--neurons '\[\[1,2\],\[1': /],
    [['find', ...one, '--limit', '3'], /--limit is for a run over a data set/],
    [['find', ...one, '--max-answer-tokens', '1'], /--max-answer-tokens is for a run over a data set/],
    ...['find', 'suppress'].map((command): [string[], RegExp] => [
      [command, ...one, '--seed', '0'],
      /--seed is for a run over a data set/,
    ]),
    [['enhance', ...one, '--unrelated', 'any'], /--unrelated is for a run over a data set/],
    [
      ['edit', ...one, '--to', 'x', '--unrelated-facts', '0', '--seed', '3'],
      /--seed is for unrelated facts, and/,
    ],
    ...[
      ['suppress', ...one],
      ['erase', ...one],
      ['evaluate', 'update', '--model', 'demo'],
    ].flatMap(command =>
      [
        ['--steps', '5'],
        ['--method', 'activation'],
        ['--adaptive-threshold', '0.2'],
      ].map((finding): [string[], RegExp] => [
        [...command, '--neurons', '[[0,1]]', ...finding],
        new RegExp(`${finding[0]} is for neurons that are found, and --neurons gives them`),
      ]),
    ),
    ...['suppress', 'enhance', 'erase'].map((command): [string[], RegExp] => [
      [command, ...one, '--neurons', '[[0,1]]', '--protocol', 'dai'],
      /--protocol is for neurons that are found, and --neurons gives them/,
    ]),
    [['find', ...one, '--revision', 'v1'], /--revision v1: demo is no model of the hub/],
    [
      ['find', '--model', '.', '--revision', 'v1', '--data', 'demo'],
      /--revision v1: \. is no model of the hub/,
    ],
    [['find', '--model', 'demo', '--scores', 'x.json'], /--scores is for one fact/],
    [['find', ...one, '--negatives', '3'], /--negatives is for a run over a data set/],
    [
      ['find', '--model', 'demo', '--negative-prompt', 'x [MASK]'],
      /--negative-prompt and --negative-prompts are for one fact\n.*over a data set, --negatives/,
    ],
    [
      ['suppress', '--model', 'demo', '--neurons', '[]', '--negatives', '3'],
      /--negatives is for neurons that are found, and --neurons gives them\nLeave out one of them/,
    ],
    ...['suppress', 'erase'].map((command): [string[], RegExp] => [
      [command, ...one, '--neurons', '[]', '--negative-prompt', 'x [MASK]'],
      /negative prompts are for neurons that are found, and --neurons gives them\nLeave out one of them/,
    ]),
    [
      ['find', ...one, '--prompts', '-', '--negative-prompts', '-'],
      /--prompts and --negative-prompts cannot both be standard input/,
    ],
    [['find', '--model', 'demo', '--convergence'], /--convergence is for one fact/],
    [
      ['find', ...one, '--convergence', '--method', 'activation'],
      /--convergence is of integrated gradients, not of --method activation/,
    ],
    [['find', ...one.with(3, '')], /--answer is empty\nGive it a value/],
    [['find', ...one, '--prompt', ''], /--prompt is empty/],
    [['evaluate', 'update', '--model', 'demo', '--neurons', ''], /--neurons is empty/],
    [['erase', ...one, '--save', ''], /--save is empty/],
    [['plot', '--results', 'here', ''], /--results is empty/],
    [['compare', 'here', ''], /<B> is empty/],
    [['stats', 'here', ''], /<folders> is empty/],
  ])('%o exits with 2', async (args, message) => {
    await expectRefusal(args, 2, message);
  });
});
