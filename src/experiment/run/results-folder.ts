import { access, appendFile, constants, mkdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { refusedFile, systemErrorCode, UserError } from '../../errors.js';
import { fileExists, isFolder, makeFolder, readJsonFile } from '../../files.js';
import { sweepParts, writeWholeFile } from '../../whole-file.js';
import { checkUnlocked, type HeldFolder, type HoldOptions, lockFolder } from './folder-lock.js';
import { Journal } from './journal.js';
import { checkOwnFile } from './own-file.js';
import type { JournalRecord, RecordKind } from './record-kind.js';
import { filesOfRuns, setAside } from './set-aside.js';
import { joinSettings, type RecordedPlan, type Settings, settingsSchema } from './settings.js';

const SETTINGS_FILE = 'run.json';
const JOURNAL_FILE = 'journal.jsonl';
const SESSIONS_FILE = 'sessions.jsonl';
const BEGIN_AGAIN = 'Name another folder with --results, or begin this one again with --fresh.';

/** What a session notes about itself, beside when and where. It decides no number, so it is in no result file. */
export interface SessionNote {
  readonly arguments: readonly string[];
}

/** How a session begins. */
export interface BeginOptions<Line extends JournalRecord> {
  readonly note: SessionNote;
  /** Moves the files of an earlier run into a subfolder first. */
  readonly fresh: boolean;
  /** Of the journal's lines. */
  readonly kind: RecordKind<Line>;
  /** Told of lines that are left out. */
  readonly notice?: (text: string) => void;
}

/** A results folder that this process holds: its settings agreed, its journal open. Close it. */
export class ResultsFolder<Line extends JournalRecord> {
  private constructor(
    private readonly held: HeldFolder,
    private joined: Settings,
    readonly journal: Journal<Line>,
  ) {}

  get path(): string {
    return this.held.path;
  }

  get settings(): Settings {
    return this.joined;
  }

  /**
   * Begins a session in a folder that {@link holdFolder} has locked.
   * @throws UserError where the folder's settings are others, or it cannot be written
   */
  static async begin<Line extends JournalRecord>(
    held: HeldFolder,
    settings: Settings,
    { note, fresh, kind, notice }: BeginOptions<Line>,
  ): Promise<ResultsFolder<Line>> {
    const { path } = held;
    try {
      held.assertHeld();
      const there = fresh ? undefined : await readSettings(path);
      const joined = joinSettings(there, settings, path);
      await sweepParts(path);
      if (fresh) await setAside(path);
      await checkKeptFiles(path);
      const assertHeld = () => held.assertHeld();
      const journal = await Journal.open(join(path, JOURNAL_FILE), kind, {
        assertHeld,
        ...(notice && { notice }),
      });
      if (!there && journal.size > 0) {
        journal.close();
        throw new UserError(
          `${path}: ${JOURNAL_FILE} has results, and no ${SETTINGS_FILE} says with which settings they were made`,
          BEGIN_AGAIN,
        );
      }
      // A session that has done nothing leaves no number that its machine would have rounded.
      const settled = journal.size === 0 ? { ...joined, plans: settings.plans } : joined;
      await writeSettings(path, settled);
      const session = { started: new Date().toISOString(), host: hostname(), pid: process.pid, ...note };
      await appendFile(join(path, SESSIONS_FILE), `${JSON.stringify(session)}\n`);
      return new ResultsFolder(held, settled, journal);
    } catch (error) {
      throw asUserError(path, error);
    }
  }

  /**
   * Notes what the session computes on from here on.
   * @throws UserError where run.json cannot be written, or another run has taken the folder
   */
  async notePlans(plans: readonly RecordedPlan[]): Promise<void> {
    this.held.assertHeld();
    this.joined = joinSettings(this.joined, { ...this.joined, plans: [...plans] }, this.path);
    await writeSettings(this.path, this.joined);
  }

  /**
   * Writes one of the final files, whole or not at all.
   * @throws UserError where it cannot be written, no file lies in its place, or another run has taken the folder
   */
  async write(name: string, content: string): Promise<string> {
    this.held.assertHeld();
    const file = join(this.path, name);
    await writeOwnFile(file, content);
    return file;
  }

  close(): void {
    this.journal.close();
  }
}

/**
 * Makes a results folder where there is none, and locks it.
 * @throws UserError where it cannot be written, or another run holds it
 */
export async function holdFolder(path: string, options?: HoldOptions): Promise<HeldFolder> {
  try {
    await makeFolder(path);
    return await lockFolder(path, options);
  } catch (error) {
    throw asUserError(path, error);
  }
}

/**
 * Better said before anything is fetched than after it.
 * @throws UserError where there can be no such folder, another run holds it, or its run.json cannot be read
 */
export async function checkResultsPlace({
  folder: path,
  fresh,
}: {
  readonly folder: string;
  readonly fresh: boolean;
}): Promise<void> {
  let place = resolve(path);
  while (!(await fileExists(place)) && place !== dirname(place)) place = dirname(place);
  try {
    if (!(await isFolder(place))) await mkdir(path); // which fails, and says why
    await access(place, constants.W_OK);
    if (!(await isFolder(path))) return;
    await checkUnlocked(path);
    if (fresh) {
      await filesOfRuns(path);
    } else {
      await readSettings(path);
      await checkKeptFiles(path);
    }
  } catch (error) {
    throw asUserError(path, error);
  }
}

/** What a folder's earlier sessions computed on; nothing where there is none, or none that can be read. */
export async function earlierPlans(folder: string): Promise<readonly RecordedPlan[]> {
  return (await readSettings(folder).catch(() => undefined))?.plans ?? [];
}

/** Whether anything is in a folder's journal. */
export async function hasResults(folder: string): Promise<boolean> {
  const { size } = await stat(join(folder, JOURNAL_FILE)).catch(() => ({ size: 0 }));
  return size > 0;
}

/** The engines that computed what a folder has; none where it has nothing. */
export async function earlierEngines(folder: string): Promise<string[]> {
  if (!(await hasResults(folder))) return [];
  return [...new Set((await earlierPlans(folder)).map(({ engine }) => engine))];
}

/** How many layers the model of a folder's results has; undefined where no run.json says so. */
export async function modelLayers(folder: string): Promise<number | undefined> {
  return (await readSettings(folder).catch(() => undefined))?.layers;
}

/** Whether a folder's neurons were found as in the paper; false where no run.json says so. */
export async function areAsInPaper(folder: string): Promise<boolean> {
  return (await readSettings(folder).catch(() => undefined))?.as_in_paper ?? false;
}

/** Of those that a session goes on from, the two that are written to in their place. */
async function checkKeptFiles(folder: string): Promise<void> {
  for (const name of [JOURNAL_FILE, SESSIONS_FILE]) await checkOwnFile(join(folder, name));
}

async function writeSettings(folder: string, settings: Settings): Promise<void> {
  await writeOwnFile(join(folder, SETTINGS_FILE), `${JSON.stringify(settings, null, 2)}\n`);
}

/** What the writer throws is never a bug: what lies there instead of a file has no system's code. */
async function writeOwnFile(path: string, content: string): Promise<void> {
  try {
    await writeWholeFile(path, content);
  } catch (error) {
    throw refusedToWrite(path, error);
  }
}

async function readSettings(folder: string): Promise<Settings | undefined> {
  const path = join(folder, SETTINGS_FILE);
  await checkOwnFile(path);
  if (!(await fileExists(path))) return undefined;
  const parsed = settingsSchema.safeParse(await readJsonFile(path, BEGIN_AGAIN));
  if (parsed.success) return parsed.data;
  throw new UserError(`${path}: not settings that this version of kn reads`, BEGIN_AGAIN);
}

function asUserError(path: string, error: unknown): unknown {
  if (error instanceof UserError || systemErrorCode(error) === undefined) return error;
  return refusedToWrite(path, error);
}

function refusedToWrite(path: string, error: unknown): UserError {
  return refusedFile(
    path,
    'written',
    error,
    'Make it writable, or name another results folder with --results.',
  );
}
