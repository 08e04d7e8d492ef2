import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { hubCacheFolder, tokenFile } from './hub-folders.js';

const HOME = '/home/ann';

it.each([
  [{}, `${HOME}/.cache/huggingface/hub`],
  [{ HF_HOME: '/data/hf' }, '/data/hf/hub'],
  [{ HF_HOME: '~/hf' }, `${HOME}/hf/hub`],
  [{ HF_HOME: '~' }, `${HOME}/hub`],
  [{ HF_HOME: '~bob/hf' }, resolve('~bob/hf/hub')],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is a shell's.
  [{ HF_HOME: '$SCRATCH/${WHO}/$NOTHING', SCRATCH: '/scratch', WHO: 'ann' }, '/scratch/ann/$NOTHING/hub'],
  [{ HF_HOME: '' }, resolve('hub')],
  [{ XDG_CACHE_HOME: '~/c' }, `${HOME}/c/huggingface/hub`],
  [{ XDG_CACHE_HOME: '' }, resolve('huggingface/hub')],
  [{ HF_HUB_CACHE: '~/models', HF_HOME: '/data/hf' }, `${HOME}/models`],
  [{ HUGGINGFACE_HUB_CACHE: '~/old', HF_HOME: '/data/hf' }, `${HOME}/old`],
  [{ HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '/new' }, '/new'],
])('with %o models are in %s, as in Python', (environment, folder) => {
  expect(hubCacheFolder({ HOME, ...environment })).toBe(folder);
});

it.each([
  [{}, `${HOME}/.cache/huggingface/token`],
  [{ HF_HOME: '~/hf' }, `${HOME}/hf/token`],
  [{ HF_TOKEN_PATH: '~/.token', HF_HOME: '/data/hf' }, `${HOME}/.token`],
])('with %o the token is in %s', (environment, file) => {
  expect(tokenFile({ HOME, ...environment })).toBe(file);
});

it('without HOME the system knows where a home is, and is asked only where one is needed', () => {
  expect(hubCacheFolder({})).toBe(join(homedir(), '.cache/huggingface/hub'));
});
