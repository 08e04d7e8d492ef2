/** What the name of a wheel says of where it runs: name-version[-build]-python-abi-platform.whl. */

/** The glibc of this system ("2.36"); undefined on musl (Alpine), for which nobody builds libtensorflow. */
export function glibcVersion(): string | undefined {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime;
}

/** What the names of the first manylinux platforms stand for. */
const EARLY: Readonly<Record<string, string>> = {
  manylinux1: '2.5',
  manylinux2010: '2.12',
  manylinux2014: '2.17',
};

/** Whether a wheel is for any Python 3 on Linux x64 with this glibc, as wheels of plain libraries are. */
export function runsOnLinux(file: string, glibc: string): boolean {
  const tags = /^[\w.+!]+-[\w.+!]+(?:-\w+)?-([\w.]+)-([\w.]+)-([\w.]+)\.whl$/.exec(file);
  if (!tags) return false;
  const [pythons, abis, platforms] = tags.slice(1).map(tag => tag.split('.'));
  return (
    pythons.includes('py3') &&
    abis.includes('none') &&
    platforms.some(platform => {
      const [, early, major, minor] = /^(manylinux\d+|manylinux_(\d+)_(\d+))_x86_64$/.exec(platform) ?? [];
      const needed = major === undefined ? EARLY[early] : `${major}.${minor}`;
      return needed !== undefined && isNotNewer(needed, glibc);
    })
  );
}

/** Whether one version of dotted numbers is another or older. */
export function isNotNewer(version: string, other: string): boolean {
  const numbers = (text: string) => text.split('.').map(Number);
  const theirs = numbers(other);
  const difference = numbers(version)
    .map((n, i) => n - (theirs[i] ?? 0))
    .find(n => n !== 0);
  return (difference ?? 0) <= 0;
}
