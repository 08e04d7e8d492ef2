#!/usr/bin/env node
// In words that Node 14 knows too: whoever lacks something is told what, in a sentence.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import './signals.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** "^20.19.0" or ">=24.0.0": all that `engines` in package.json is made of. */
function parseRange(text) {
  const [, kind, ...oldest] = /^(\^|>=)(\d+)\.(\d+)\.(\d+)$/.exec(text);
  return { sameMajor: kind === '^', oldest: oldest.map(Number) };
}

function isIn({ sameMajor, oldest }, version) {
  if (sameMajor && version[0] !== oldest[0]) return false;
  const differs = oldest.findIndex((part, i) => part !== version[i]);
  return differs === -1 || version[differs] > oldest[differs];
}

function rangeText({ sameMajor, oldest }) {
  const from = oldest.slice(0, 2).join('.');
  return sameMajor ? `${oldest[0]} (from ${from} on)` : `${from} and newer`;
}

/** @returns what is missing before anything can run, and what to do about it; undefined where nothing is */
function missing() {
  const { engines } = JSON.parse(readFileSync(`${ROOT}package.json`, 'utf8'));
  const supported = engines.node.split(' || ').map(parseRange);
  const here = process.versions.node.split('.').map(part => parseInt(part, 10));
  if (!supported.some(range => isIn(range, here)))
    return `Node ${supported.map(rangeText).join(' or ')} is needed, and this is ${process.version}`;
  if (!existsSync(`${ROOT}dist/cli/main.js`))
    return `it is not built: run npm ci --include=dev --include=optional && npm run build in ${ROOT}`;
  return undefined;
}

/** What kn cannot be loaded without; any other error is thrown. */
function whyNotLoaded(error) {
  const limited = 'this process may not open so many files at once: raise ulimit -n';
  if (error.code === 'EMFILE') return limited;
  const [, name] = /^Cannot find package '([^']+)'/.exec(error.message) || [];
  if (error.code !== 'ERR_MODULE_NOT_FOUND' || name === undefined) throw error;
  // Node looks for a file of the package that has no such name where it could not open package.json.
  if (isAbsolute(name) && existsSync(join(dirname(name), 'package.json'))) return limited;
  return `the package ${name} is not installed: run npm ci in ${ROOT}`;
}

function refuse(reason) {
  console.error(`kn: ${reason}`);
  process.exitCode = 1;
}

const reason = missing();
if (reason) refuse(reason);
else {
  // Of several files that cannot be opened, Node's loader hands one on and lets the others fall.
  const fallen = error => {
    refuse(whyNotLoaded(error));
    process.exit();
  };
  process.once('uncaughtException', fallen);
  const loaded = await import('../dist/cli/main.js').catch(error => refuse(whyNotLoaded(error)));
  process.off('uncaughtException', fallen);
  // Awaited here, so that Node does not end with 0 where something never comes.
  await loaded?.main(process.argv);
}
