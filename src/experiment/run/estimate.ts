/** How long a plan's work takes, where that is long: whoever began it unawares should know before it is begun. */
import { counted } from '../../numbers.js';
import { type RatedDevice, statedRate } from '../../runtime/stated-rates.js';
import type { PlannedWork } from './experiment.js';

const HOUR = 3600;
const LONG = HOUR;

/** Where no rate is known: an hour at so many operations a second, which is little for a GPU. */
const LONG_ON_A_GPU = HOUR * 1e12;

/** What to say of work that may take longer than an hour; nothing of other work. */
export function estimateText(work: readonly PlannedWork[], devices: readonly RatedDevice[]): string[] {
  const operations = work.reduce((sum, { operations }) => sum + (operations ?? 0), 0);
  const queries = work.reduce((sum, { queries }) => sum + (queries ?? 0), 0);
  const rates = devices.map(statedRate);
  const known = rates.flatMap(rate => rate ?? []);
  const isKnown = known.length === rates.length && rates.length > 0;
  const rate = known.reduce((sum, one) => sum + one, 0);
  if (isKnown ? operations / rate < LONG : operations < LONG_ON_A_GPU) return [];
  const size = `${queries.toLocaleString('en')} queries, ${rounded(operations / 1e12)} TFLOP of matrix products`;
  return [
    isKnown
      ? `Long work: about ${roughDuration(operations / rate)} from the beginning (${size}, at the ` +
        `${rounded(rate / 1e9)} GFLOPS that ${workersText(devices)} did at the shape of bert-base where kn was measured; kn doctor measures this machine).`
      : `Long work: ${size}. How fast a GPU does them was not measured; progress tells once the first facts are done.`,
    'It may be stopped at any time, and goes on from there. --dry-run shows the plan alone; --relations P36 and --limit 20 ' +
      'make less of it; kn find --prompt and --answer ask one fact.' +
      (devices.some(({ engine }) => engine === 'wasm')
        ? ' kn setup tensorflow makes it several times as fast.'
        : ''),
  ];
}

function workersText(devices: readonly RatedDevice[]): string {
  const parts = devices.map(
    ({ engine, workers, threads }) =>
      `${counted(workers, `${engine} worker`)} of ${counted(threads, 'thread')}`,
  );
  return parts.join(' and ');
}

/** 90,000 seconds as "25 hours"; an estimate has no more digits than that. */
export function roughDuration(seconds: number): string {
  const hours = seconds / HOUR;
  if (hours < 48) return counted(Math.round(hours), 'hour');
  const days = hours / 24;
  return days < 21 ? counted(Math.round(days), 'day') : counted(Math.round(days / 7), 'week');
}

/** Two digits. */
function rounded(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString('en');
}
