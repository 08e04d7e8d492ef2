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
