/**
 * A data set in PARAREL's layout (Elazar et al., 2021, https://github.com/yanaiela/pararel):
 *
 *     graphs_json/<relation>.jsonl        {"pattern": "[X] is the capital of [Y] ."}
 *     trex_lms_vocab/<relation>.jsonl     {"sub_label": "...", "obj_label": "...", "uuid": "..."}
 */
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { refusedFile, UserError } from '../errors.js';
import { withoutMark } from '../files.js';
import { NotJson, parseJson } from '../parse-json.js';
import { bytesOfFile, linesOfFile } from '../plain-file.js';
import type { FactKey } from './fact.js';
import { MASK, maskLike } from './prompt.js';
import { inRelationOrder } from './relation-order.js';

export const PATTERNS_FOLDER = 'graphs_json';
export const FACTS_FOLDER = 'trex_lms_vocab';

const LAYOUT = `A data set is a folder with ${PATTERNS_FOLDER}/<relation>.jsonl and ${FACTS_FOLDER}/<relation>.jsonl.`;

/** The relations that have both patterns and facts, in PARAREL's order. */
export async function listRelations(folder: string): Promise<string[]> {
  const names = async (part: string) => {
    try {
      const files = await readdir(join(folder, part));
      return files.filter(file => file.endsWith('.jsonl')).map(file => file.slice(0, -'.jsonl'.length));
    } catch (error) {
      throw refusedFile(join(folder, part), 'read', error, LAYOUT);
    }
  };
  const withFacts = new Set(await names(FACTS_FOLDER));
  const relations = (await names(PATTERNS_FOLDER)).filter(relation => withFacts.has(relation));
  if (relations.length === 0)
    throw new UserError(`${folder}: no relation has both patterns and facts`, LAYOUT);
  return inRelationOrder(relations);
}

const patternSchema = z.looseObject({ pattern: z.string() });

/** @throws UserError, with file and line, where a pattern lacks [X], has not exactly one [Y], or has a mask of its own */
export async function readPatterns(folder: string, relation: string): Promise<string[]> {
  const path = join(folder, PATTERNS_FOLDER, `${relation}.jsonl`);
  const patterns: string[] = [];
  for await (const { line, value } of readJsonLines(path, patternSchema)) {
    const { pattern } = value;
    const objects = pattern.split('[Y]').length - 1;
    if (!pattern.includes('[X]')) throw new UserError(`${path}:${line}: the pattern "${pattern}" has no [X]`);
    if (objects !== 1) {
      throw new UserError(
        `${path}:${line}: the pattern "${pattern}" has ${objects || 'no'} [Y], where one is needed`,
      );
    }
    const mask = pattern.includes(MASK) ? MASK : maskLike(pattern);
    if (mask !== undefined) {
      throw new UserError(
        `${path}:${line}: the pattern "${pattern}" has ${mask} in it`,
        'Write [Y] where the object belongs, and no mask: it is put there.',
      );
    }
    patterns.push(pattern);
  }
  if (patterns.length === 0) throw new UserError(`${path}: no patterns`);
  return patterns;
}

const factSchema = z.looseObject({
  uuid: z.string().min(1),
  sub_label: z.string().min(1),
  obj_label: z.string().min(1),
});

/** The facts of one relation in file order, one at a time. `place` is there for errors. */
export async function* readFacts(
  folder: string,
  relation: string,
): AsyncGenerator<FactKey & { place: string }> {
  const path = join(folder, FACTS_FOLDER, `${relation}.jsonl`);
  for await (const { line, value } of readJsonLines(path, factSchema)) {
    const { uuid, sub_label: subject, obj_label: object } = value;
    yield { uuid, relation, subject, object, place: `${path}:${line}` };
  }
}

async function* readJsonLines<T>(
  path: string,
  schema: z.ZodType<T>,
): AsyncGenerator<{ line: number; value: T }> {
  let line = 0;
  for await (const text of linesOfFile(path)) {
    line++;
    if (text.trim() === '') continue;
    let json: unknown;
    try {
      json = parseJson(line === 1 ? withoutMark(text) : text);
    } catch (error) {
      if (!(error instanceof NotJson)) throw error;
      throw new UserError(`${path}:${line}: ${error.message}`);
    }
    const parsed = schema.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      throw new UserError(`${path}:${line}: "${issue?.path.join('.')}": ${issue?.message}`);
    }
    yield { line, value: parsed.data };
  }
}

/** SHA-256 over the names and contents of the relations' files: what a run's data were. */
export async function hashRelations(folder: string, relations: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const relation of relations) {
    for (const part of [PATTERNS_FOLDER, FACTS_FOLDER]) {
      hash.update(`${part}/${relation}.jsonl\n`);
      for await (const chunk of bytesOfFile(join(folder, part, `${relation}.jsonl`))) hash.update(chunk);
    }
  }
  return hash.digest('hex');
}
