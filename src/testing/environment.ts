import { onTestFinished } from 'vitest';

/** Sets environment variables until the test is over; undefined takes one away. */
export function setEnvironment(variables: Readonly<Record<string, string | undefined>>): void {
  const put = (name: string, value: string | undefined) => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const [name, value] of Object.entries(variables)) {
    const before = process.env[name];
    put(name, value);
    onTestFinished(() => put(name, before));
  }
}

/** Has pip ask an index on loopback (wheel-server.ts) and nothing else, whatever this user's pip is told. */
export function pipAgainst(url: string): Readonly<Record<string, string | undefined>> {
  return {
    PIP_CONFIG_FILE: '/dev/null',
    PIP_INDEX_URL: `${url}/simple/`,
    PIP_EXTRA_INDEX_URL: undefined,
    PIP_FIND_LINKS: undefined,
    PIP_NO_INDEX: undefined,
  };
}
