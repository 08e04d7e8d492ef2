import { describe, expect, it } from 'vitest';
import { usualSite } from './protocols.js';

describe('the site of neurons, where a user names none', () => {
  it.each([
    // EleutherAI's code hooks the module `intermediate` of BERT, after its non-linearity, and `c_fc` of its two GPTs, before it.
    ['eleutherai', 'bert', 'post'],
    ['eleutherai', 'gpt2', 'pre'],
    ['eleutherai', 'gpt_neo', 'pre'],
    // Models that it does not take have the neurons of the paper.
    ['eleutherai', 'gptj', 'post'],
    ['eleutherai', 'gpt_neox', 'post'],
    ['eleutherai', 'opt', 'post'],
    ['eleutherai', 'llama', 'post'],
    ['eleutherai', 'gemma2', 'post'],
    ['dai', 'gpt2', 'post'],
    ['dai', 'bert', 'post'],
  ] as const)('of %s in %s is %s', (protocol, architecture, site) => {
    expect(usualSite(protocol, architecture)).toBe(site);
  });
});
