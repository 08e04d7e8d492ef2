/** What the system refuses to any process that asks for more than it may have: no fault of kn's, wherever it comes up. */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { systemErrorCode, UserError } from '../../errors.js';
import { asOutOfMemory } from '../../runtime/out-of-memory.js';

interface Limit {
  readonly codes: readonly string[];
  readonly message: string;
  readonly remedy: string;
}

const LIMITS: readonly Limit[] = [
  {
    codes: ['EMFILE'],
    message: 'this process may not open so many files at once',
    remedy: 'Raise the limit: ulimit -n 1024, or LimitNOFILE of a service.',
  },
  {
    codes: ['ENFILE'],
    message: 'the machine has too many open files',
    remedy: 'Try again when it has fewer, or raise fs.file-max.',
  },
  {
    codes: ['ENOMEM', 'ERR_WORKER_OUT_OF_MEMORY', 'ERR_WORKER_INIT_FAILED', 'ERR_MEMORY_ALLOCATION_FAILED'],
    message: 'this process gets no more memory',
    remedy: 'Raise its limit (ulimit -v; of a container its memory), or take fewer --workers.',
  },
  {
    codes: ['EAGAIN'],
    message: 'the system starts no more processes or threads',
    remedy: 'Raise the limit (ulimit -u; of a container its pids), or take fewer --workers.',
  },
  {
    codes: ['ENOSPC'],
    message: 'the disk is full',
    remedy: 'Make room, then run the same command again.',
  },
];

/** @returns the error as a person can mend it, or undefined where no limit of the system's is behind it */
export function asSystemLimit(error: unknown): UserError | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.message.includes('uv_os_homedir'))
    return new UserError('this user has no home folder', 'Set HOME to a folder that may be written.');
  const code = codeOf(error);
  const limit = LIMITS.find(({ codes }) => codes.includes(code));
  if (limit) return new UserError(`${limit.message} (${error.message})`, limit.remedy, { cause: error });
  return asOutOfMemory(error) ?? asSystemLimit(error.cause);
}

/** Node's loader and its threads have codes of their own for what the system refused them. */
function codeOf(error: Error): string {
  const code = systemErrorCode(error) ?? '';
  if (code === 'ERR_WORKER_INIT_FAILED') return /\bE(?:MFILE|NFILE|AGAIN)\b/.exec(error.message)?.[0] ?? code;
  // It looks for a file of the package that has no such name where it could not open package.json.
  const [, path] = /^Cannot find package '([^']+)'/.exec(error.message) ?? [];
  const isThere = path !== undefined && isAbsolute(path) && existsSync(join(dirname(path), 'package.json'));
  return code === 'ERR_MODULE_NOT_FOUND' && isThere ? 'EMFILE' : code;
}
