/** What may stand behind an option: its checks, with a message that says what was expected. */
import { InvalidArgumentError } from 'commander';
import { parseDevices } from '../../runtime/devices/device.js';

/** Of an option that may be given several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Names with commas between them, each once. */
export function list(value: string): string[] {
  const items = value.split(',').map(item => item.trim());
  if (items.some(item => item === ''))
    throw new InvalidArgumentError('Expected names with commas between them.');
  return [...new Set(items)];
}

export function devices(value: string): string[] {
  const words = parseDevices(value);
  if (!words)
    throw new InvalidArgumentError('Expected all, cpu, cuda:0 or webgpu:0, with commas between them.');
  return words;
}

export function number(least: number, most: number, end: 'to' | 'below' = 'to') {
  return (value: string): number => {
    const parsed = Number(value);
    if (value.trim() === '' || !(parsed >= least && (end === 'to' ? parsed <= most : parsed < most))) {
      throw new InvalidArgumentError(
        `Expected a number from ${least} ${end === 'to' ? 'to' : 'to below'} ${most}.`,
      );
    }
    return parsed;
  };
}

export function wholeNumber(least: number, most: number) {
  return (value: string): number => {
    const parsed = Number(value);
    if (value.trim() === '' || !Number.isInteger(parsed) || parsed < least || parsed > most) {
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${most}.`);
    }
    return parsed;
  };
}

/** As it is typed: "--batch-memory" for `batchMemory`. */
export function optionName(name: string): string {
  return `--${name.replace(/[A-Z]/g, capital => `-${capital.toLowerCase()}`)}`;
}
