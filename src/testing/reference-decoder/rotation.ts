/** Rotary position embeddings as modeling_rope_utils.py has them. */
import { fail, type Settings } from './settings.js';

/**
 * What `rope_parameters` or its old names ask for, in radians a token.
 * @param columns of a head that are turned, which may be odd
 */
export function inverseFrequencies(config: Settings, rope: Settings, columns: number): number[] {
  const theta = rope.number('rope_theta', config.number('rope_theta', 10_000));
  const plain = powers(columns, theta);
  const type = rope.word('rope_type', rope.word('type', 'default'));
  if (type === 'default') return plain;
  const factor = rope.number('factor');
  if (type === 'linear') return plain.map(frequency => frequency / factor);
  if (type !== 'llama3') return fail(`no rope of the type ${type}`);
  const [low, high] = [rope.number('low_freq_factor'), rope.number('high_freq_factor')];
  const context =
    config.optional('original_max_position_embeddings', null) ??
    rope.number('original_max_position_embeddings', config.number('max_position_embeddings'));
  return plain.map(frequency => {
    const wavelength = (2 * Math.PI) / frequency;
    if (wavelength < context / high) return frequency;
    if (wavelength > context / low) return frequency / factor;
    const smooth = (context / wavelength - low) / (high - low);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

/** theta^(-2i / columns) for 2i from 0 up to `columns`. */
export function powers(columns: number, theta: number): number[] {
  const frequencies: number[] = [];
  for (let i = 0; i < columns; i += 2) frequencies.push(1 / theta ** (i / columns));
  return frequencies;
}

/** `rope_scaling` where there is one, or `rope_parameters`. */
export function ropeOf(config: Settings, empty: Settings): Settings {
  return config.nested('rope_scaling') ?? config.nested('rope_parameters') ?? empty;
}

/** x cos + rotate_half(x) sin over the columns that the frequencies, each twice, are for; the others stay. */
export function rotateHalves(
  x: Float64Array,
  position: number,
  frequencies: readonly number[],
): Float64Array {
  const half = frequencies.length;
  const out = Float64Array.from(x);
  for (let i = 0; i < 2 * half; i++) {
    const angle = position * frequencies[i % half];
    const other = i < half ? -x[i + half] : x[i - half];
    out[i] = x[i] * Math.cos(angle) + other * Math.sin(angle);
  }
  return out;
}

/** The same with rotate_every_two, of GPT-J. */
export function rotateNeighbours(
  x: Float64Array,
  position: number,
  frequencies: readonly number[],
): Float64Array {
  const out = Float64Array.from(x);
  for (let i = 0; i < 2 * frequencies.length; i++) {
    const angle = position * frequencies[Math.floor(i / 2)];
    const other = i % 2 === 0 ? -x[i + 1] : x[i - 1];
    out[i] = x[i] * Math.cos(angle) + other * Math.sin(angle);
  }
  return out;
}
