/**
 * What files, servers and arguments hold is text, whatever characters it has: on the terminal none of them moves the cursor, begins
 * a line or turns the direction of writing. Every byte of standard output and error is looked at.
 */
import { cpSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEMO_MODEL } from '../embedded.js';
import { thisProcess } from '../runtime/locks/holder.js';
import { filesOf, serveHub } from '../testing/hub-server.js';
import { addResults, dataFolder, neuronFolder } from '../testing/neuron-folder.js';
import { type Finished, type KnOptions, kn } from '../testing/run-kn.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const HOSTILE = '\u001b[2J\u001b]0;t\u0007\r\b\u009b31m\u202e\u2066\u2028\nkn: forged';
const SHOWN = '\\u001b[2J\\u001b]0;t\\u0007\\r\\b\\u009b31m\\u202e\\u2066\\u2028\\nkn: forged';

const COMMANDS = /[^\P{Cc}\n]|[\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** @param shown what has to be there, escaped: the text did come by */
async function expectHarmless(
  args: readonly string[],
  shown: string,
  options?: KnOptions,
): Promise<Finished> {
  const finished = await kn(args, options);
  for (const text of [finished.stdout, finished.stderr]) {
    expect(text).not.toMatch(COMMANDS);
    expect(text).not.toMatch(/^kn: forged/m);
  }
  expect(finished.stdout + finished.stderr).toContain(shown);
  return finished;
}

const one = (model: string) => [
  '--model',
  model,
  '--answer',
  'paris',
  '-p',
  'france is governed from [MASK].',
];

/** The demo model with some text of its files replaced. */
function changedModel(file: string, from: string, to: string): string {
  const folder = join(temporaryFolder(), 'model');
  cpSync(DEMO_MODEL, folder, { recursive: true });
  const path = join(folder, file);
  const text = readFileSync(path, 'latin1');
  expect(text).toContain(from);
  writeFileSync(path, text.replace(from, to), 'latin1');
  return folder;
}

const inJson = (text: string) =>
  JSON.stringify(text)
    .slice(1, -1)
    .replace(/[^ -~]/g, code);
const code = (c: string) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;

describe('on the terminal, characters that command it are shown', () => {
  it.each<[string, string[]]>([
    ['an option', ['find', `--${HOSTILE}`]],
    ["an option's value", ['find', '--steps', HOSTILE]],
    ['a command', [HOSTILE]],
    ['a model', ['find', '--model', HOSTILE]],
    ['a data set', ['find', '--model', 'demo', '--data', HOSTILE]],
    ['neurons', ['suppress', ...one('demo'), '--neurons', HOSTILE]],
  ])('of %s that is refused', async (_, args) => {
    expect((await expectHarmless(args, SHOWN)).code).not.toBe(0);
  });

  it('of prompts, answers, and the tokens of a model', async () => {
    const model = changedModel('tokenizer.json', '"german"', `"${inJson(HOSTILE)}"`);
    const prompt = `france is governed from [MASK].${HOSTILE.replaceAll('\n', '\u0085')}`;
    const { stdout } = await expectHarmless(['suppress', ...one(model), '-p', prompt], SHOWN);
    expect(stdout).toContain(SHOWN.replaceAll('\\n', '\\u0085'));
  });

  it("of a model's configuration, and the names of its files", async () => {
    const model = changedModel('config.json', '"bert"', `"${inJson(HOSTILE)}"`);
    await expectHarmless(['find', ...one(model)], SHOWN);
    cpSync(join(DEMO_MODEL, 'config.json'), join(model, 'config.json'));
    renameSync(join(model, 'model.safetensors'), join(model, 'other.safetensors'));
    const index = { weight_map: { x: HOSTILE } };
    writeFileSync(join(model, 'model.safetensors.index.json'), JSON.stringify(index));
    await expectHarmless(['find', ...one(model)], SHOWN);
  });

  it('of a folder, its data set, its lock and its settings; files and --json keep the true characters', async () => {
    const results = join(temporaryFolder(), HOSTILE, 'out');
    const data = dataFolder({ a: 'P1', b: HOSTILE });
    const facts = join(data, 'trex_lms_vocab', 'P1.jsonl');
    const strange = { uuid: 'e', sub_label: 'x', obj_label: `日${HOSTILE}` };
    writeFileSync(facts, `${readFileSync(facts, 'utf8')}\n${JSON.stringify(strange)}`);
    const run = ['evaluate', 'pararel', '--model', 'demo', '--data', data, '--results', results];

    const { code, stdout } = await expectHarmless([...run, '--json'], SHOWN);
    expect(code).toBe(0);
    const { files, facts: counts } = JSON.parse(stdout);
    expect(files[0]).toContain(HOSTILE);
    expect(counts.skipped[0].object).toBe(`日${HOSTILE}`);
    for (const name of ['summary.csv', 'figure3.csv'])
      expect(readFileSync(join(results, name), 'utf8')).toContain(HOSTILE);
    // XML knows most of them not at all.
    expect(readFileSync(join(results, 'figure3.svg'), 'utf8').trimEnd()).not.toMatch(/\p{Cc}/u);
    await expectHarmless(run, SHOWN);

    const path = join(results, 'run.json');
    const settings = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify({ ...settings, model: { ...settings.model, name: HOSTILE } }));
    await expectHarmless(run, 'model.name: "\\u001b[2J');
    const holder = { ...(await thisProcess('lock')), host: HOSTILE, since: HOSTILE };
    writeFileSync(join(results, 'lock'), JSON.stringify(holder));
    await expectHarmless(run, `process ${process.pid} on ${SHOWN}`);
  });

  it('of relations, uuids and paths that are compared', async () => {
    const folders = [1, 2].map(() => {
      const folder = neuronFolder({ [HOSTILE]: [[0, 1]], [`${HOSTILE}2`]: [[1, 1]] });
      addResults(folder, 0, { [HOSTILE]: HOSTILE, [`${HOSTILE}2`]: 'P36' });
      return folder;
    });
    const { stdout } = await expectHarmless(['compare', ...folders], SHOWN);
    expect(stdout.split('\n').filter(line => line.includes('forged'))).toHaveLength(1);
    await expectHarmless(['compare', folders[0], neuronFolder({ x: [[0, 1]] }), '--data', 'demo'], SHOWN);
  });

  it('of what a hub answers', async () => {
    const server = await serveHub({ files: filesOf(DEMO_MODEL), commit: HOSTILE });
    const asked = ['find', ...one('org/tiny')];
    await expectHarmless(asked, SHOWN, { env: { HF_ENDPOINT: server.url } });
  });

  it('and nowhere else is anything printed', () => {
    const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter(
      name => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.startsWith('testing/'),
    );
    const printing = sources.filter(name =>
      /(stdout|stderr)\.write\(|console\.(log|warn|info)\(|console\.error\((?!printable\()/.test(
        readFileSync(join('src', name), 'utf8'),
      ),
    );
    // The others are processes that answer this one.
    expect(printing.sort()).toEqual([
      'cli/output/print.ts',
      'runtime/engines/tensorflow-trial-child.ts',
      'runtime/engines/webgpu-adapters-child.ts',
      'setup/probe-child.ts',
    ]);
  });
});
