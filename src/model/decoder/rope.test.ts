import { describe, expect, it } from 'vitest';
import { parseRotary } from './rope.js';

const LLAMA31 = {
  rope_type: 'llama3',
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};

describe('rotary embeddings', () => {
  it('have powers of theta', () => {
    const { size, frequencies } = parseRotary({ rope_theta: 10000 }, 'config.json', 8);
    expect(size).toBe(8);
    [1, 0.1, 0.01, 0.001].forEach((expected, i) => {
      expect(frequencies[i]).toBeCloseTo(expected, 12);
    });
  });

  it('are read in the old form and in the new one', () => {
    const old = parseRotary(
      { rope_theta: 500, rope_scaling: { type: 'linear', factor: 4 } },
      'config.json',
      8,
    );
    const rope_parameters = { rope_type: 'linear', rope_theta: 500, factor: 4 };
    expect(parseRotary({ rope_parameters }, 'config.json', 8)).toEqual(old);
    expect(old.frequencies[0]).toBe(1 / 4);
    expect(parseRotary({ rope_parameters: { rope_type: 'default' } }, 'config.json', 8).frequencies[0]).toBe(
      1,
    );
  });

  it('are those of the old form where a file has both, as in transformers, unless that is empty', () => {
    const [rope_parameters, rope_scaling] = [{ rope_theta: 33 }, { type: 'linear', factor: 4 }];
    const of = (json: object) => parseRotary(json, 'config.json', 8).frequencies;
    expect(of({ rope_parameters, rope_scaling })).toEqual(of({ rope_scaling }));
    expect(of({ rope_parameters: {}, rope_scaling })).toEqual(of({ rope_scaling }));
    for (const empty of [{}, null])
      expect(of({ rope_parameters, rope_scaling: empty })).toEqual(of({ rope_parameters }));
    expect(of({ rope_parameters })).not.toEqual(of({ rope_scaling }));
  });

  it("have Llama 3.1's first context from beside their settings where it stands there, as in transformers", () => {
    const of = (outside: number | undefined, inside: number) =>
      parseRotary(
        {
          rope_theta: 500_000,
          original_max_position_embeddings: outside,
          rope_scaling: { ...LLAMA31, original_max_position_embeddings: inside },
        },
        'config.json',
        128,
      );
    expect(of(64, 8192)).toEqual(of(undefined, 64));
    expect(of(undefined, 8192)).not.toEqual(of(undefined, 64));
  });

  it("are Llama 3.1's where it asks for them", () => {
    // transformers 5.18, ROPE_INIT_FUNCTIONS['llama3'], in float32: fast ones stay, slow ones are an eighth.
    const expected = [
      [0, 1],
      [1, 0.8146172165870667],
      [20, 0.016560440883040428],
      [28, 0.0032114461064338684],
      [30, 0.0013718936825171113],
      [32, 0.0005248460220173001],
      [35, 9.556212171446532e-5],
      [63, 3.068925877869333e-7],
    ];
    const json = { rope_theta: 500_000, rope_scaling: LLAMA31 };
    const { frequencies } = parseRotary(json, 'config.json', 128);
    for (const [i, frequency] of expected) expect(frequencies[i] / frequency).toBeCloseTo(1, 5);
  });

  it('turn a share of a head', () => {
    expect(parseRotary({ rope_parameters: { partial_rotary_factor: 0.25 } }, 'config.json', 64).size).toBe(
      16,
    );
    expect(parseRotary({ partial_rotary_factor: 0.5 }, 'config.json', 64).frequencies).toHaveLength(16);
  });

  it.each([
    [{ rope_scaling: { rope_type: 'yarn', factor: 4 } }, '"rope_scaling" is of the type "yarn"; kn computes'],
    [
      { rope_parameters: { rope_type: 'longrope' } },
      '"rope_parameters" is of the type "longrope"; kn computes',
    ],
    [{ rope_scaling: { type: 'linear' } }, '"rope_scaling" has no "factor"'],
    [{ rope_scaling: { ...LLAMA31, low_freq_factor: undefined } }, '"rope_scaling" has no "low_freq_factor"'],
    [{ partial_rotary_factor: 0.1 }, 'not pairs'],
    [{ rope_parameters: { full_attention: { rope_type: 'default' } } }, '"rope_parameters.full_attention":'],
    [{ rope_theta: -1 }, '"rope_theta":'],
  ])('are refused: %o', (json, message) => {
    expect(() => parseRotary(json, 'config.json', 8)).toThrow(message);
  });
});
