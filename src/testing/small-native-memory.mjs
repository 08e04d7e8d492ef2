// Preloaded by tests (node --import): once libtensorflow is loaded, its process may take so many MB more and no more.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const timer = setInterval(() => {
  if (!readFileSync('/proc/self/maps', 'utf8').includes('kernels.node')) return;
  clearInterval(timer);
  const [, kilobytes] = /^VmSize:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const most = Number(kilobytes) * 1024 + Number(process.env.KN_TEST_NATIVE_MB) * 1e6;
  execFileSync('prlimit', ['--pid', String(process.pid), `--as=${most}`]);
}, 20);
timer.unref();
