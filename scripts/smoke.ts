/**
 * npm run smoke [-- --node 24]: what kn does, under each of the Nodes that package.json names, but for the one that runs this.
 *
 * npm's package `node` brings them. Under each the demo's files are those of this Node, to the byte; the tensorflow engine that is
 * set up here is proved as `kn setup` does it, and finds the same neurons, as does webgpu on SwiftShader; and nothing but kn's own
 * words is on standard error. What this machine lacks is left out, and said. Ends with 1 where anything is otherwise.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { isTensorflowThere } from '../src/runtime/engines/installed-tensorflow.js';
import { enginesFolder } from '../src/runtime/folders.js';
import { runTool } from '../src/setup/run-tool.js';
import { finalFiles } from '../src/testing/run-kn.js';
import { NO_SWIFTSHADER, SWIFTSHADER } from '../src/testing/swiftshader.js';

/** As package.json's `engines` and the README name them. */
const NODES = ['20', '22', '24', '26'];

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const KN = join(ROOT, 'bin', 'kn.js');
const DEMO = ['evaluate', 'pararel', '--model', 'demo', '--limit', '1', '--engine', 'wasm', '--quiet'];
const FACT = ['find', '--model', 'demo', '-a', 'paris', '-p', 'france is governed from [MASK].'];
const PROOF = `
  import { proveTensorflow } from ${JSON.stringify(join(ROOT, 'dist', 'setup', 'prove.js'))};
  console.log((await proveTensorflow(process.argv[1], 'cpu')).relativeError.toExponential(0));`;

const { values: flags } = parseArgs({
  options: { node: { type: 'string', multiple: true, default: NODES } },
});
const running = process.versions.node.split('.')[0];
const hasTensorflow = await isTensorflowThere();
const folder = mkdtempSync(join(tmpdir(), 'kn-smoke-'));
try {
  if (!hasTensorflow) console.log('The tensorflow engine is left out: kn setup tensorflow was not run here.');
  if (!SWIFTSHADER) console.log(`The webgpu engine is left out: ${NO_SWIFTSHADER}.`);
  const expected = await outcome(process.execPath, running);
  console.log(`Node ${running}, which runs this: ${expected.said.join(', ')}`);
  for (const version of flags.node.filter(version => version !== running)) await smoke(version, expected);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

interface Outcome {
  readonly files: Readonly<Record<string, string>>;
  /** Of one fact, by the engine that found them. */
  readonly neurons: Readonly<Record<string, string>>;
  readonly said: readonly string[];
}

async function smoke(version: string, expected: Outcome): Promise<void> {
  try {
    const began = performance.now();
    const { files, neurons, said } = await outcome(await obtain(version), version);
    const names = [...new Set([...Object.keys(files), ...Object.keys(expected.files)])];
    const others = names.filter(name => files[name] !== expected.files[name]);
    if (others.length > 0) throw new Error(`other files than Node ${running}'s: ${others.join(', ')}`);
    for (const [engine, found] of Object.entries(neurons))
      if (found !== expected.neurons[engine]) throw new Error(`${engine} finds other neurons: ${found}`);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(`Node ${version}: ${said.join(', ')}, as under Node ${running} (${seconds} s)`);
  } catch (error) {
    console.log(`Node ${version}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}

/** @returns the path of a Node of this version, from npm */
async function obtain(version: string): Promise<string> {
  const at = join(folder, `node-${version}`);
  await run('npm', ['install', '--no-audit', '--no-fund', '--silent', '--prefix', at, `node@${version}`]);
  const node = join(at, 'node_modules', 'node', 'bin', 'node');
  const is = await run(node, ['--version']);
  if (!is.startsWith(`v${version}.`)) throw new Error(`npm's package node@${version} is ${is}`);
  return node;
}

/** What a Node makes of the demo, of the proof, and of a fact on each engine. */
async function outcome(node: string, version: string): Promise<Outcome> {
  const results = join(folder, `results-${version}`);
  await run(node, [KN, ...DEMO, '--results', results]);
  const said = ["the demo's files"];
  const neurons: Record<string, string> = {};
  const find = async (engine: string, env = {}) => {
    neurons[engine] = await run(node, [KN, ...FACT, '--engine', engine, '--quiet'], env);
    said.push(`a fact on ${engine}`);
  };
  await find('wasm');
  if (hasTensorflow) {
    await find('tensorflow');
    const proof = ['--input-type=module', '-e', PROOF, '--', join(enginesFolder(), '..')];
    said.push(`setup's proof (relative error ${await run(node, proof)})`);
  }
  if (SWIFTSHADER) await find('webgpu', SWIFTSHADER);
  return { files: finalFiles(results), neurons, said };
}

/** Its standard output. Standard error must be empty: kn itself was told to be quiet. */
async function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await runTool(command, args, { env });
  if (code === 0 && stderr === '') return stdout.trim();
  const words = args.map(word => word.split('\n')[0]).join(' ');
  throw new Error(`${words}: exit code ${code}\n${stderr.trim()}`);
}
