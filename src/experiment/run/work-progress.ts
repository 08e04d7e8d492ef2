import type { Progress } from '../../progress.js';
import type { WorkProgress } from './work.js';

/**
 * Shows facts done, prompts a second and the time left.
 * @param name of what is done, as progress calls it
 */
export function workProgress(progress: Progress, name = 'facts'): (state: WorkProgress) => void {
  const start = Date.now();
  return ({ facts, done, failed, session }) => {
    const seconds = (Date.now() - start) / 1000;
    const left = facts - done - failed;
    const promptsPerSecond = session.facts === 0 ? 0 : session.prompts / seconds;
    const secondsLeft = session.facts === 0 ? undefined : (left * seconds) / session.facts;
    const parts = [
      name,
      ...(session.facts === 0 ? [] : [`${rate(promptsPerSecond)} prompts/s`]),
      ...(secondsLeft === undefined ? [] : [`${duration(secondsLeft)} left`]),
      ...savedPasses(session.passes),
      ...(failed === 0 ? [] : [`${failed} failed`]),
    ];
    progress.show(name, {
      done,
      total: facts,
      text: parts.slice(1).join(', '),
      values: { failed, promptsPerSecond, ...(secondsLeft !== undefined && { secondsLeft }) },
    });
  };
}

/** What the interpolated path saved, as "79% of passes saved"; nothing where it saved none. */
export function savedPasses({ done, ofRule }: WorkProgress['session']['passes']): string[] {
  if (done >= ofRule) return [];
  return [`${Math.round(100 * (1 - done / ofRule))}% of passes saved`];
}

/** Three digits, and all those before the point: 12.3, 1234. */
export function rate(perSecond: number): string {
  return perSecond < 100 ? perSecond.toPrecision(3) : perSecond.toFixed(0);
}

/** 3725 as "1h 02m", 65 as "1m 05s". */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const two = (n: number) => String(n).padStart(2, '0');
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  if (whole < 86_400) return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
  return `${Math.floor(whole / 86_400)}d ${two(Math.floor((whole % 86_400) / 3600))}h`;
}
