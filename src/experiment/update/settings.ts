/** What of updates run.json has, and the command that asks for them. */
import type { CommandParts } from '../run/command.js';
import type { SettingsGroup } from '../run/settings.js';
import type { UpdateDesign } from './request.js';

export function updateSettings(design: UpdateDesign): SettingsGroup {
  const { rule, lambdas, perRelation, shared, sharedRule, measured, onlyCorrect, seed } = design;
  return {
    edit_rule: rule,
    ...lambdas,
    updates: perRelation,
    shared,
    ...(sharedRule !== 'others' && { shared_rule: sharedRule }),
    measured,
    prompts: onlyCorrect ? 'answered correctly' : 'all',
    seed,
  };
}

export function commandOf(design: UpdateDesign): CommandParts {
  const { rule, lambdas, perRelation, shared, measured, onlyCorrect, seed } = design;
  return {
    command: 'evaluate update',
    words: {
      first: [],
      last: [
        ...['--edit-rule', rule],
        ...['--lambda1', String(lambdas.lambda1), '--lambda2', String(lambdas.lambda2)],
        ...['--updates', String(perRelation), '--shared', String(shared), '--measured', String(measured)],
        ...(onlyCorrect ? [] : ['--wrong-too']),
        ...['--seed', String(seed)],
      ],
    },
    draws: true,
  };
}
