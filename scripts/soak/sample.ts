import { readFileSync } from 'node:fs';

/** What a process has in memory at a time of a soak, in bytes. */
export interface Sample {
  readonly seconds: number;
  /** Done by then. */
  readonly facts: number;
  /** The C library's main heap: tensors of the native engine, and what their freeing left there. */
  readonly heap: number;
  /** Other memory without a file: JavaScript's heap, WebAssembly's memory, the C library's other arenas. */
  readonly anonymous: number;
  /** Of mapped files: programs and libraries. */
  readonly files: number;
}

export type Resident = Pick<Sample, 'heap' | 'anonymous' | 'files'>;

/** Resident bytes by kind, as Linux has them in /proc/<pid>/smaps; undefined where the process is gone. */
export function residentOf(pid: number): Resident | undefined {
  try {
    return residentIn(readFileSync(`/proc/${pid}/smaps`, 'utf8'));
  } catch {
    return undefined;
  }
}

export function residentIn(smaps: string): Resident {
  const bytes = { heap: 0, anonymous: 0, files: 0 };
  let kind: keyof Resident = 'anonymous';
  for (const line of smaps.split('\n')) {
    // 5581e0a3f000-5581e0a60000 rw-p 00000000 00:00 0      [heap]
    const [, name] = /^[\da-f]+-[\da-f]+ \S+ \S+ \S+ \d+ *(.*)$/.exec(line) ?? [];
    if (name !== undefined) kind = name === '[heap]' ? 'heap' : name.startsWith('/') ? 'files' : 'anonymous';
    const [, kilobytes] = /^Rss: +(\d+) kB$/.exec(line) ?? [];
    if (kilobytes !== undefined) bytes[kind] += 1024 * Number(kilobytes);
  }
  return bytes;
}

export const residentBytes = ({ heap, anonymous, files }: Resident) => heap + anonymous + files;
