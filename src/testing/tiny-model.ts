/** Models of a few hundred numbers, as the files of a folder in the Hugging Face layout: made up, and read in a moment. */
import { BYTE_LETTERS } from './byte-letters.js';

const [HIDDEN, INTERMEDIATE, LAYERS, POSITIONS] = [4, 6, 2, 12];

const WORDS = [
  '[PAD]',
  '[UNK]',
  '[CLS]',
  '[SEP]',
  '[MASK]',
  'paris',
  'is',
  'in',
  'fr',
  '##ance',
  '##s',
  '.',
  'a',
];
const MERGES = ['Ġ p', 'a r', 'Ġp ar', 'i s', 'Ġpar is'];
const PIECES = [...BYTE_LETTERS, ...MERGES.map(merge => merge.replace(' ', '')), '<|endoftext|>'];

type Files = Record<string, string | Uint8Array>;
type Shapes = Record<string, readonly number[]>;

/** A number by each token. */
export const idsOf = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token, i) => [token, i]));

export const TINY_WORDS: readonly string[] = WORDS;
export const TINY_PIECES: readonly string[] = PIECES;
export const TINY_MERGES = `#version: 0.2\n${MERGES.join('\n')}\n`;

export function tinyBert(): Files {
  const config = {
    model_type: 'bert',
    hidden_size: HIDDEN,
    intermediate_size: INTERMEDIATE,
    num_hidden_layers: LAYERS,
    num_attention_heads: 2,
    vocab_size: WORDS.length,
    max_position_embeddings: POSITIONS,
    type_vocab_size: 2,
    hidden_act: 'gelu',
    layer_norm_eps: 1e-12,
    tie_word_embeddings: true,
  };
  const shapes: Shapes = {
    'bert.embeddings.word_embeddings.weight': [WORDS.length, HIDDEN],
    'bert.embeddings.position_embeddings.weight': [POSITIONS, HIDDEN],
    'bert.embeddings.token_type_embeddings.weight': [2, HIDDEN],
    ...both('bert.embeddings.LayerNorm', [HIDDEN], HIDDEN),
    ...both('cls.predictions.transform.dense', [HIDDEN, HIDDEN], HIDDEN),
    ...both('cls.predictions.transform.LayerNorm', [HIDDEN], HIDDEN),
    'cls.predictions.bias': [WORDS.length],
  };
  for (let layer = 0; layer < LAYERS; layer++) {
    const at = `bert.encoder.layer.${layer}`;
    for (const name of ['self.query', 'self.key', 'self.value', 'output.dense'])
      Object.assign(shapes, both(`${at}.attention.${name}`, [HIDDEN, HIDDEN], HIDDEN));
    Object.assign(
      shapes,
      both(`${at}.attention.output.LayerNorm`, [HIDDEN], HIDDEN),
      both(`${at}.intermediate.dense`, [INTERMEDIATE, HIDDEN], INTERMEDIATE),
      both(`${at}.output.dense`, [HIDDEN, INTERMEDIATE], HIDDEN),
      both(`${at}.output.LayerNorm`, [HIDDEN], HIDDEN),
    );
  }
  return {
    'config.json': JSON.stringify(config),
    'vocab.txt': `${WORDS.join('\n')}\n`,
    'model.safetensors': safetensors(shapes),
  };
}

export function tinyGpt2(): Files {
  const config = {
    model_type: 'gpt2',
    ...{ n_embd: HIDDEN, n_layer: LAYERS, n_head: 2, n_inner: INTERMEDIATE, n_positions: POSITIONS },
    ...{ vocab_size: PIECES.length, activation_function: 'gelu_new', layer_norm_epsilon: 1e-5 },
    ...{ scale_attn_weights: true, scale_attn_by_inverse_layer_idx: false, tie_word_embeddings: true },
  };
  const shapes = gptShapes('', at => ({
    ...both(`${at}.attn.c_attn`, [HIDDEN, 3 * HIDDEN], 3 * HIDDEN),
    ...both(`${at}.attn.c_proj`, [HIDDEN, HIDDEN], HIDDEN),
    ...both(`${at}.mlp.c_fc`, [HIDDEN, INTERMEDIATE], INTERMEDIATE),
    ...both(`${at}.mlp.c_proj`, [INTERMEDIATE, HIDDEN], HIDDEN),
  }));
  return gptFiles(config, shapes);
}

export function tinyGptNeo(): Files {
  const config = {
    model_type: 'gpt_neo',
    ...{ hidden_size: HIDDEN, num_layers: LAYERS, num_heads: 2, intermediate_size: INTERMEDIATE },
    ...{ max_position_embeddings: POSITIONS, vocab_size: PIECES.length, window_size: 4 },
    attention_types: [[['global', 'local'], 1]],
    ...{ activation_function: 'gelu_new', layer_norm_epsilon: 1e-5, tie_word_embeddings: true },
  };
  const shapes = gptShapes('transformer.', at => {
    const attention = ['q_proj', 'k_proj', 'v_proj'].map(name => [
      `${at}.attn.attention.${name}.weight`,
      [HIDDEN, HIDDEN],
    ]);
    return {
      ...Object.fromEntries(attention),
      ...both(`${at}.attn.attention.out_proj`, [HIDDEN, HIDDEN], HIDDEN),
      ...both(`${at}.mlp.c_fc`, [INTERMEDIATE, HIDDEN], INTERMEDIATE),
      ...both(`${at}.mlp.c_proj`, [HIDDEN, INTERMEDIATE], HIDDEN),
    };
  });
  return gptFiles(config, shapes);
}

function gptShapes(prefix: string, ofLayer: (at: string) => Shapes): Shapes {
  const layers = [...Array(LAYERS).keys()].map(layer => {
    const at = `${prefix}h.${layer}`;
    return {
      ...both(`${at}.ln_1`, [HIDDEN], HIDDEN),
      ...both(`${at}.ln_2`, [HIDDEN], HIDDEN),
      ...ofLayer(at),
    };
  });
  return {
    [`${prefix}wte.weight`]: [PIECES.length, HIDDEN],
    [`${prefix}wpe.weight`]: [POSITIONS, HIDDEN],
    ...Object.assign({}, ...layers),
    ...both(`${prefix}ln_f`, [HIDDEN], HIDDEN),
  };
}

function gptFiles(config: object, shapes: Shapes): Files {
  return {
    'config.json': JSON.stringify(config),
    'vocab.json': JSON.stringify(idsOf(PIECES)),
    'merges.txt': TINY_MERGES,
    'model.safetensors': safetensors(shapes),
  };
}

function both(name: string, weight: readonly number[], bias: number): Shapes {
  return { [`${name}.weight`]: weight, [`${name}.bias`]: [bias] };
}

/** A header as it is written, before the bytes of the tensors. */
export function withHeader(header: string, data: Uint8Array): Buffer {
  const bytes = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([length, bytes, data]);
}

/** The header and the bytes behind it. */
export function partsOf(file: Uint8Array): { header: string; data: Buffer } {
  const bytes = Buffer.from(file);
  const end = 8 + Number(bytes.readBigUInt64LE(0));
  return { header: bytes.toString('utf8', 8, end), data: bytes.subarray(end) };
}

/** A tensor of F32 as a test changes it. */
export interface TinyTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A safetensors file with other tensors than it has: `change` gets those by name, and gives what is to be there. */
export function withTensors(
  file: string | Uint8Array | undefined,
  change: (tensors: ReadonlyMap<string, TinyTensor>) => Iterable<readonly [name: string, TinyTensor]>,
): Buffer {
  if (!(file instanceof Uint8Array)) throw new Error('no safetensors file');
  const { header, data } = partsOf(file);
  const entries: Record<string, { shape: number[]; data_offsets: [number, number] }> = JSON.parse(header);
  const tensors = new Map<string, TinyTensor>();
  for (const [name, { shape, data_offsets }] of Object.entries(entries)) {
    if (name === '__metadata__') continue;
    const bytes = Uint8Array.from(data.subarray(...data_offsets));
    tensors.set(name, { shape, values: new Float32Array(bytes.buffer) });
  }
  const written: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  const parts: Buffer[] = [];
  let offset = 0;
  for (const [name, { shape, values }] of change(tensors)) {
    const end = offset + values.byteLength;
    written[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    parts.push(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    offset = end;
  }
  return withHeader(JSON.stringify(written), Buffer.concat(parts));
}

/** Tensors of small numbers, each another. */
function safetensors(shapes: Shapes): Buffer {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  let offset = 0;
  for (const [name, shape] of Object.entries(shapes)) {
    const end = offset + 4 * shape.reduce((product, n) => product * n, 1);
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, end] };
    offset = end;
  }
  const values = Float32Array.from({ length: offset / 4 }, (_, i) => Math.sin(i * i) / 2);
  return withHeader(JSON.stringify(header), new Uint8Array(values.buffer));
}
