import { describe, expect, it } from 'vitest';
import { UsageError, UserError } from '../../errors.js';
import { setEnvironment } from '../../testing/environment.js';
import { EngineAbsent } from '../engines/absent.js';
import { type AskedDevices, chooseDevices } from './choose-devices.js';
import { type Device, type DeviceKind, parseDevices } from './device.js';

const device = (kind: DeviceKind, number: number, name: string, software = false): Device => ({
  kind,
  id: kind === 'cpu' ? 'cpu' : `${kind}:${number}`,
  name,
  memory: null,
  software,
  engines: kind === 'cpu' ? ['tensorflow', 'wasm'] : [kind === 'cuda' ? 'tensorflow' : 'webgpu'],
  environment: {},
});

const cpu = device('cpu', 0, 'AMD EPYC');
const cuda = [device('cuda', 0, 'NVIDIA H100 80GB HBM3'), device('cuda', 1, 'NVIDIA H100 80GB HBM3')];
const arc = device('webgpu', 1, 'Intel(R) Arc(tm) A770');
const webgpu = [
  device('webgpu', 0, 'NVIDIA H100 80GB HBM3'),
  arc,
  device('webgpu', 2, 'llvmpipe (LLVM 19.1.7, 256 bits)', true),
];

type Machine = Partial<Record<DeviceKind, readonly Device[] | Error>>;

/** The ids of the sets that are chosen on a machine. */
async function chosen(machine: Machine, asked: Partial<AskedDevices>): Promise<string[][]> {
  const { sets } = await choose(machine, asked);
  return sets.map(devices => devices.map(({ id }) => id));
}

const choose = (machine: Machine, asked: Partial<AskedDevices>) =>
  chooseDevices({ engine: 'auto', ...asked }, async kind => {
    const has = machine[kind] ?? new EngineAbsent(`no ${kind}`);
    if (has instanceof Error) throw has;
    return [...has];
  });

const workstation = { cuda, webgpu, cpu: [cpu] };

describe('where nothing is asked for', () => {
  it('every GPU of the fastest kind computes; the others and the processor stand by', async () => {
    expect(await chosen(workstation, {})).toEqual([['cuda:0', 'cuda:1'], ['webgpu:0', 'webgpu:1'], ['cpu']]);
    expect(await chosen({ webgpu, cpu: [cpu] }, {})).toEqual([['webgpu:0', 'webgpu:1'], ['cpu']]);
    expect(await chosen({ cpu: [cpu] }, {})).toEqual([['cpu']]);
  });

  it('a program that plays a GPU is never taken, but where KN_WEBGPU_ADAPTER names it', async () => {
    expect(await chosen({ webgpu: webgpu.slice(2), cpu: [cpu] }, {})).toEqual([['cpu']]);
    setEnvironment({ KN_WEBGPU_ADAPTER: 'llvmpipe' });
    expect(await chosen({ webgpu, cpu: [cpu] }, {})).toEqual([['webgpu:2'], ['cpu']]);
  });

  it('a driver that does not answer is passed over, and told; one that is absent is not told', async () => {
    const { sets, notices } = await choose({ cuda: new UserError('nvidia-smi fails'), cpu: [cpu] }, {});
    expect(sets).toEqual([[cpu]]);
    expect(notices).toEqual(['nvidia-smi fails']);
  });

  it.each([
    ['tensorflow', [['cuda:0', 'cuda:1'], ['cpu']]],
    ['webgpu', [['webgpu:0', 'webgpu:1']]],
    ['wasm', [['cpu']]],
  ] as const)('the %s engine runs on %j', async (engine, sets) => {
    expect(await chosen(workstation, { engine })).toEqual(sets);
    const { sets: chosenSets } = await choose(workstation, { engine });
    for (const { engines } of chosenSets.flat()) expect(engines).toEqual([engine]);
  });

  it('an engine that has no device says why', async () => {
    await expect(chosen({ cpu: [cpu] }, { engine: 'webgpu' })).rejects.toThrow('no webgpu');
  });
});

describe('--devices', () => {
  it.each([
    [['cpu'], ['cpu']],
    [['cuda:1'], ['cuda:1']],
    [['cuda'], ['cuda:0', 'cuda:1']],
    [
      ['cuda:1', 'cpu', 'cuda:1'],
      ['cuda:1', 'cpu'],
    ],
    [['webgpu:1'], ['webgpu:1']],
    [['webgpu:arc'], ['webgpu:1']],
    [['webgpu:llvmpipe'], ['webgpu:2']],
    [['webgpu'], ['webgpu:0', 'webgpu:1']],
    [
      ['cpu', 'webgpu:arc'],
      ['cpu', 'webgpu:1'],
    ],
  ])('%j takes %j, and nothing stands by', async (devices, ids) => {
    expect(await chosen(workstation, { devices })).toEqual([ids]);
  });

  it('all takes every device once: what CUDA has is not taken through WebGPU again', async () => {
    expect(await chosen(workstation, { devices: ['all'] })).toEqual([
      ['cuda:0', 'cuda:1', 'webgpu:1', 'cpu'],
    ]);
    expect(await chosen({ webgpu, cpu: [cpu] }, { devices: ['all'] })).toEqual([
      ['webgpu:0', 'webgpu:1', 'cpu'],
    ]);
    expect(await chosen(workstation, { devices: ['all'], engine: 'webgpu' })).toEqual([
      ['webgpu:0', 'webgpu:1'],
    ]);
  });

  it.each([
    ['cuda:2', '--devices cuda:2: no such device'],
    ['webgpu:radeon', '--devices webgpu:radeon: no such adapter'],
    ['webgpu:2', '--devices webgpu:2: that is a program that plays a GPU'],
  ])('%s is refused where it is not there', async (word, message) => {
    await expect(choose(workstation, { devices: [word] })).rejects.toThrow(message);
  });

  it('says what is missing where there is nothing of the kind', async () => {
    await expect(choose({ cpu: [cpu] }, { devices: ['cuda:0'] })).rejects.toThrow(
      '--devices cuda:0: no cuda',
    );
  });

  it('is refused where all is nothing', async () => {
    const asked = choose({ cpu: [cpu] }, { devices: ['all'], engine: 'webgpu' });
    await expect(asked).rejects.toThrow('--devices all: the webgpu engine finds none here');
  });

  it('is refused to an engine that does not run there', async () => {
    const asked = choose(workstation, { devices: ['cuda:0'], engine: 'wasm' });
    await expect(asked).rejects.toThrow(UsageError);
    await expect(asked).rejects.toThrow('--devices cuda:0: the wasm engine does not run there');
  });

  it('is read as words with commas between them', () => {
    expect(parseDevices('cuda:0, cpu,cuda:0')).toEqual(['cuda:0', 'cpu']);
    expect(parseDevices('webgpu:Arc A770')).toEqual(['webgpu:Arc A770']);
    for (const wrong of ['', 'gpu', 'cuda:', 'cuda:x', 'cpu:1', 'all:1', 'cpu,,']) {
      expect(parseDevices(wrong)).toBeUndefined();
    }
  });
});
