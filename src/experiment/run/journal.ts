/**
 * The journal of a run: one JSON line for each finished fact, on disk before the fact counts as done. Whatever
 * ends the run, the lines stay; a last line that was cut off in the middle is dropped at the next start. A line that is torn in the
 * middle, where two processes wrote at once or a disk left a hole, is left out, and its fact done again.
 */
import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  writeSync,
} from 'node:fs';
import { refusedFile, UserError } from '../../errors.js';
import { parseJson } from '../../parse-json.js';
import { LONGEST_TEXT, readPlainFile } from '../../plain-file.js';
import type { JournalRecord, RecordKind } from './record-kind.js';

export interface JournalOptions {
  /** Asked before anything is added; throws where another process may be writing. */
  readonly assertHeld?: () => void;
  /** Told of lines that are left out. */
  readonly notice?: (text: string) => void;
}

export class Journal<Line extends JournalRecord> {
  private constructor(
    private readonly path: string,
    private readonly descriptor: number,
    private length: number,
    private readonly kind: RecordKind<Line>,
    private readonly records: Map<string, Line>,
    private readonly assertHeld: () => void,
  ) {}

  /**
   * Opens the journal at `path`, or begins one, and reads what is in it.
   * @throws UserError where it cannot be read, or has a whole line that no run wrote
   */
  static async open<Line extends JournalRecord>(
    path: string,
    kind: RecordKind<Line>,
    { assertHeld = () => undefined, notice = () => undefined }: JournalOptions = {},
  ): Promise<Journal<Line>> {
    const { records, length, torn } = existsSync(path)
      ? await readJournal(path, kind)
      : { records: new Map<string, Line>(), length: 0, torn: [] };
    if (torn.length > 0) notice(tornText(path, torn));
    const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    const descriptor = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW);
    ftruncateSync(descriptor, length);
    return new Journal(path, descriptor, length, kind, records, assertHeld);
  }

  /** How many facts are in it. */
  get size(): number {
    return this.records.size;
  }

  /** What is known of a fact, all its lines together. */
  get(uuid: string): Line | undefined {
    return this.records.get(uuid);
  }

  /**
   * Adds records, all or none. When this returns, they are on the disk.
   * @throws UserError where it cannot be written, or another run has taken the folder; what was there before stays whole
   */
  append(...records: readonly Line[]): void {
    this.assertHeld();
    const lines = Buffer.from(records.map(record => `${JSON.stringify(record)}\n`).join(''));
    let written = 0;
    try {
      // At no position: what another process should have added is not written over.
      while (written < lines.length) written += writeSync(this.descriptor, lines, written);
      fdatasyncSync(this.descriptor);
    } catch (error) {
      this.dropTail(written);
      throw refusedFile(
        this.path,
        'written',
        error,
        'Everything done so far is safe. Make room, then run the same command again: it goes on from there.',
      );
    }
    this.length += lines.length;
    for (const record of records)
      this.records.set(record.uuid, this.kind.join(this.records.get(record.uuid), record));
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** Takes off what a failed write left, and nothing of another process's. If that fails too, the next start does it. */
  private dropTail(written: number): void {
    try {
      if (fstatSync(this.descriptor).size === this.length + written)
        ftruncateSync(this.descriptor, this.length);
    } catch {
      // The error that matters is the write's.
    }
  }
}

/** What Node reads of a file at a time. In bytes. */
const LARGEST_JOURNAL = 2 ** 31 - 1;

async function readJournal<Line extends JournalRecord>(
  path: string,
  { schema, join }: RecordKind<Line>,
): Promise<{ records: Map<string, Line>; length: number; torn: readonly number[] }> {
  const records = new Map<string, Line>();
  const torn: number[] = [];
  const bytes = await readPlainFile(path, LARGEST_JOURNAL);
  let start = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf('\n', start);
    if (end === -1) return { records, length: start, torn };
    const read = readLine(bytes.subarray(start, end), schema);
    if ('record' in read) {
      records.set(read.record.uuid, join(records.get(read.record.uuid), read.record));
    } else if (bytes.indexOf('\n', end + 1) === -1) {
      // The last line, as a write that a power cut interrupted may leave it: it is cut off.
      return { records, length: start, torn };
    } else if (read.isTorn) {
      torn.push(line);
    } else {
      throw new UserError(
        `${path}:${line}: not a line of a journal`,
        'The file was changed by something else: restore it, or begin again with --fresh.',
      );
    }
    start = end + 1;
  }
}

/**
 * A line is torn where it is not JSON: no part of a record is, nor is a part with a whole one after it. What is JSON was written
 * on purpose, by no run of kn where it is no record.
 */
function readLine<Line>(
  bytes: Buffer,
  schema: RecordKind<Line & JournalRecord>['schema'],
): { record: Line & JournalRecord } | { isTorn: boolean } {
  if (bytes.length > LONGEST_TEXT) return { isTorn: false };
  if (!isUtf8(bytes)) return { isTorn: true };
  const text = bytes.toString('utf8');
  try {
    return { record: schema.parse(parseJson(text)) };
  } catch {
    return { isTorn: !isJson(text) };
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const TORN_SHOWN = 3;

function tornText(path: string, torn: readonly number[]): string {
  const shown = torn.slice(0, TORN_SHOWN).map(line => `${path}:${line}`);
  if (torn.length > TORN_SHOWN) shown.push(`${torn.length - TORN_SHOWN} more`);
  const [what, facts] =
    torn.length === 1 ? ['a torn line', 'its fact is'] : ['torn lines', 'their facts are'];
  return `${shown.join(', ')}: ${what}, left out: ${facts} done again, unless that was done already`;
}
