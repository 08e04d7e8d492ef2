/** What of a run's stages run.json has, and the command that asks for them. */
import { z } from 'zod';
import { ENHANCE } from '../../intervention/intervene.js';
import type { FindOptions } from '../../neurons/find.js';
import { TUNING } from '../../neurons/tune-share.js';
import type { CommandParts } from '../run/command.js';
import { methodOf } from '../run/finding.js';
import type { SettingsGroup } from '../run/settings.js';
import type { InterventionName } from './relation-means.js';
import type { Interventions } from './request.js';
import { areGiven, areTuned, type Stages } from './stages.js';

/** How neurons were found, or where they came from. */
export function neuronSettings({ neurons, negatives }: Stages): SettingsGroup {
  if (areGiven(neurons)) return { given_sha256: neurons.sha256 };
  const drawn = negatives && { negatives: negatives.count, negatives_seed: negatives.seed };
  if (!areTuned(neurons)) return { ...findSettings(neurons), ...drawn };
  const ofBaseline = Object.entries(findSettings(neurons.baseline));
  return {
    ...findSettings(neurons.knowledge),
    ...drawn,
    share_step: TUNING.step,
    share_tries: TUNING.tries,
    fewest_neurons_per_fact: TUNING.fewest,
    most_neurons_per_fact: TUNING.most,
    ...Object.fromEntries(ofBaseline.map(([name, value]) => [`baseline_${name}`, value])),
  };
}

function findSettings(options: FindOptions): SettingsGroup {
  const { threshold, share, inclusive, leastPrompts } = options;
  return {
    ...methodOf(options),
    threshold: threshold.kind,
    threshold_value: threshold.value,
    ...(threshold.inclusive && { threshold_comparison: 'at least' }),
    share,
    ...(inclusive && { share_comparison: 'at least' }),
    ...(leastPrompts !== undefined && { least_prompts: leastPrompts }),
  };
}

/** How unrelated facts are drawn, and what is enhanced by. */
export function interventionSettings({
  unrelated,
  enhance,
}: Pick<Stages, 'unrelated' | 'enhance'>): Record<string, SettingsGroup> {
  return {
    ...(unrelated && { unrelated: { ...unrelated } }),
    ...(enhance !== null && { enhancement: { factor: enhance } }),
  };
}

/**
 * The interventions whose factor in a folder is the paper's, whichever session measured them: 0, and 2.
 * @param settings run.json
 */
export function multipliedAsInPaper({ enhancement }: Readonly<Record<string, unknown>>): InterventionName[] {
  const doubled = z.object({ factor: z.literal(ENHANCE) }).safeParse(enhancement).success;
  return doubled ? ['suppression', 'enhancement'] : ['suppression'];
}

export function commandOf({ suppress, enhance, unrelated }: Interventions): CommandParts {
  const intervenes = suppress || enhance !== null;
  return {
    command: commandName(suppress, enhance !== null),
    words: {
      first: enhance === null ? [] : ['--factor', String(enhance)],
      last: intervenes ? ['--unrelated', unrelated] : [],
    },
    draws: intervenes,
  };
}

function commandName(suppress: boolean, enhance: boolean): string {
  if (suppress) return enhance ? 'evaluate pararel' : 'suppress';
  return enhance ? 'enhance' : 'find';
}
