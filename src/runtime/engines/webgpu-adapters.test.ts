import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { built, runScript } from '../../testing/other-process.js';
import { childrenOf } from '../../testing/run-kn.js';
import { EngineAbsent } from './absent.js';
import { chooseAdapter, gpusOf } from './webgpu-adapters.js';

const H100 = { name: 'NVIDIA H100 80GB HBM3', software: false };
const ARC = { name: 'Intel(R) Arc(tm) A770', software: false };
const LLVMPIPE = { name: 'llvmpipe (LLVM 19.1.7, 256 bits)', software: true };

describe('an adapter', () => {
  it.each([
    ['the first GPU, where none is asked for', [LLVMPIPE, H100, ARC], undefined, H100],
    ['the first GPU, where the variable is empty', [LLVMPIPE, ARC], '', ARC],
    ['the one with that number', [H100, ARC], '1', ARC],
    ['the one whose name has that in it, in capitals or not', [H100, ARC], 'a770', ARC],
    ['the first of several whose names have it', [ARC, H100, LLVMPIPE], 'l', ARC],
    ['one whose name has the number in it, where there are not so many', [H100, ARC], '770', ARC],
    ['a software one that is asked for by name', [H100, LLVMPIPE], 'llvmpipe', LLVMPIPE],
  ])('is %s', (_, adapters, asked, expected) => {
    expect(chooseAdapter(adapters, asked)).toBe(expected);
  });

  it.each([
    ['there is none', [], 'WebGPU finds no GPU here'],
    ['there is but a software one', [LLVMPIPE], 'only a program that plays one (0 llvmpipe'],
  ])('is absent, and no fault, where %s', (_, adapters, message) => {
    const choose = () => chooseAdapter(adapters, undefined);
    expect(choose).toThrow(EngineAbsent);
    expect(choose).toThrow(message);
  });

  it('that is asked for and not there is a fault, with the list of those that are', () => {
    const choose = () => chooseAdapter([H100, ARC], 'radeon');
    expect(choose).not.toThrow(EngineAbsent);
    expect(choose).toThrow('KN_WEBGPU_ADAPTER=radeon: no such adapter');
    expect(() => chooseAdapter([H100], '7')).toThrow('KN_WEBGPU_ADAPTER=7: no such adapter');
  });

  it('that plays a GPU is taken by its name alone, never by its number', () => {
    const choose = () => chooseAdapter([H100, LLVMPIPE], '1', '--devices webgpu:1');
    expect(choose).toThrow('--devices webgpu:1: that is a program that plays a GPU (llvmpipe');
  });

  it('is one of the GPUs of a machine where it is none of these, and has a name of its own', () => {
    expect(gpusOf([LLVMPIPE, H100, ARC, { ...H100 }])).toEqual([H100, ARC]);
  });

  it('that Dawn would take for another of its name is refused, rather than the other one taken', () => {
    expect(() => chooseAdapter([H100, { ...H100 }], '1')).toThrow(
      'Dawn cannot tell this adapter from number 0, NVIDIA H100 80GB HBM3',
    );
  });
});

describe('asking for adapters', () => {
  const script = `
    import { listAdapters } from ${built('runtime/engines/webgpu-adapters.js')};
    console.log(await listAdapters().then(found => 'list of ' + found.length, String));`;

  /** Kills the processes that are asked, so many of them; after these none. */
  async function askKilling(times: number): Promise<string> {
    const asking = runScript(script);
    const killed = new Set<number>();
    let answer: string | undefined;
    const ended = asking.line().then(line => {
      answer = line;
    });
    while (answer === undefined && killed.size < times) {
      for (const pid of childrenOf(asking.child)) {
        if (killed.has(pid) || !commandOf(pid).includes('webgpu-adapters-child')) continue;
        process.kill(pid, 'SIGKILL');
        killed.add(pid);
      }
      await setTimeout(5);
    }
    await ended;
    expect(killed.size).toBe(times);
    return answer ?? '';
  }

  const commandOf = (pid: number) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  };

  it.runIf(process.platform === 'linux')('goes on in another process where somebody kills it', async () => {
    expect(await askKilling(2)).not.toContain('SIGKILL');
  });

  it.runIf(process.platform === 'linux')('ends where each is killed, and says so', async () => {
    expect(await askKilling(3)).toContain(
      "the GPU's driver does not answer: asked for its adapters, its process ended with SIGKILL",
    );
  });
});
