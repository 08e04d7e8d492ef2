/** What of erasures run.json has, and the command that asks for them. */
import type { CommandParts } from '../run/command.js';
import type { SettingsGroup } from '../run/settings.js';
import { designOf, type ErasureRequest } from './request.js';

export function erasureSettings(request: ErasureRequest): SettingsGroup {
  const { top, ties, value, ownFacts, otherFacts, seed } = designOf(request);
  const { erase } = request.erasure;
  return {
    relations: erase && [...erase],
    top,
    ...(ties !== 'layer and index' && { ties }),
    value,
    own_facts: ownFacts,
    other_facts: otherFacts,
    seed,
  };
}

export function commandOf({ erasure, controls }: ErasureRequest): CommandParts {
  const { erase, top, value, ownFacts, otherFacts } = erasure;
  return {
    command: 'evaluate erasure',
    words: {
      first: [],
      last: [
        ...(erase ? ['--erase', erase.join()] : []),
        ...['--top', String(top), '--value', value],
        ...['--own-facts', String(ownFacts), '--other-facts', String(otherFacts)],
        ...['--seed', String(controls.seed)],
      ],
    },
    draws: true,
  };
}
