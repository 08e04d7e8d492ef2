import { describe, expect, it } from 'vitest';
import { machineText } from './examination-text.js';

const GIBIBYTE = 2 ** 30;
const whole = { cores: 64, memory: 128 * GIBIBYTE };
const host = { node: 'v24.0.0', platform: 'linux x64', processor: 'AMD EPYC', whole };

describe('the machine as kn doctor shows it', () => {
  it('is all of it where nothing limits this process', () => {
    expect(machineText({ ...host, ...whole })).toBe('64 cores (AMD EPYC), 128 GiB');
  });

  it("is the container's part of it, and says whose limit that is", () => {
    expect(machineText({ ...host, cores: 4, memory: 2 * GIBIBYTE })).toBe(
      "4 of the machine's 64 cores (AMD EPYC), 2.0 of 128 GiB: the container's limit",
    );
    expect(machineText({ ...host, cores: 4, memory: whole.memory })).toBe(
      "4 of the machine's 64 cores (AMD EPYC), 128 GiB",
    );
  });
});
