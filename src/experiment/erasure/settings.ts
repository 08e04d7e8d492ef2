/** What of erasures run.json has, and the command that asks for them. */
import type { CommandParts } from '../run/command.js';
import type { SettingsGroup } from '../run/settings.js';
import type { ErasureRequest } from './request.js';

export function erasureSettings({ erasure, controls }: ErasureRequest): SettingsGroup {
  const { erase, top, value, ownFacts, otherFacts } = erasure;
  return {
    relations: erase && [...erase],
    top,
    value,
    own_facts: ownFacts,
    other_facts: otherFacts,
    seed: controls.seed,
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
