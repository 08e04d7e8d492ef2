/**
 * The journal of a run: one JSON line for each finished fact, on disk before the fact counts as done. Whatever
 * ends the run, the lines stay; a last line that was cut off in the middle is dropped at the next start.
 */
import { isUtf8 } from 'node:buffer';
import { closeSync, constants, existsSync, fdatasyncSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { refusedFile, UserError } from '../../errors.js';
import { parseJson } from '../../parse-json.js';
import { LONGEST_TEXT, readPlainFile } from '../../plain-file.js';
import type { JournalRecord, RecordKind } from './record-kind.js';

export class Journal<Line extends JournalRecord> {
  private constructor(
    private readonly path: string,
    private readonly descriptor: number,
    private length: number,
    private readonly kind: RecordKind<Line>,
    private readonly records: Map<string, Line>,
  ) {}

  /** Opens the journal at `path`, or begins one, and reads what is in it. */
  static async open<Line extends JournalRecord>(
    path: string,
    kind: RecordKind<Line>,
  ): Promise<Journal<Line>> {
    const { records, length } = existsSync(path)
      ? await readJournal(path, kind)
      : { records: new Map<string, Line>(), length: 0 };
    const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW);
    ftruncateSync(descriptor, length);
    return new Journal(path, descriptor, length, kind, records);
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
   * Adds a record. When this returns, it is on the disk.
   * @throws UserError where it cannot be written; what was there before stays whole
   */
  append(record: Line): void {
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    try {
      let written = 0;
      while (written < line.length) {
        written += writeSync(this.descriptor, line, written, line.length - written, this.length + written);
      }
      fdatasyncSync(this.descriptor);
    } catch (error) {
      this.dropTail();
      throw refusedFile(
        this.path,
        'written',
        error,
        'Everything done so far is safe. Make room, then run the same command again: it goes on from there.',
      );
    }
    this.length += line.length;
    this.records.set(record.uuid, this.kind.join(this.records.get(record.uuid), record));
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** Takes off what a failed write left. If that fails too, the next start does it. */
  private dropTail(): void {
    try {
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
): Promise<{ records: Map<string, Line>; length: number }> {
  const records = new Map<string, Line>();
  const bytes = await readPlainFile(path, LARGEST_JOURNAL);
  let start = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf('\n', start);
    if (end === -1) return { records, length: start };
    const record = parseRecord(bytes.subarray(start, end), schema);
    if (!record) {
      // A write that a power cut interrupted may leave a hole, but only at the end.
      if (bytes.indexOf('\n', end + 1) === -1) return { records, length: start };
      throw new UserError(
        `${path}:${line}: not a line of a journal`,
        'The file was changed by something else: restore it, or begin again with --fresh.',
      );
    }
    records.set(record.uuid, join(records.get(record.uuid), record));
    start = end + 1;
  }
}

function parseRecord<Line>(
  bytes: Buffer,
  schema: RecordKind<Line & JournalRecord>['schema'],
): Line | undefined {
  if (!isUtf8(bytes) || bytes.length > LONGEST_TEXT) return undefined;
  try {
    return schema.parse(parseJson(bytes.toString('utf8')));
  } catch {
    return undefined;
  }
}
