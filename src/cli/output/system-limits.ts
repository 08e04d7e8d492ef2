/** What the system refuses to any process that asks for more than it may have: no fault of kn's, wherever it comes up. */
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
  const code = systemErrorCode(error) ?? '';
  const limit = LIMITS.find(({ codes }) => codes.includes(code));
  if (limit) return new UserError(`${limit.message} (${error.message})`, limit.remedy, { cause: error });
  return asOutOfMemory(error) ?? asSystemLimit(error.cause);
}
