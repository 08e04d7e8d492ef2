// A worker process for the pool's own tests.
import { appendFileSync, readFileSync } from 'node:fs';
import workerpool from 'workerpool';

workerpool.worker({
  whoami: () => ({
    pid: process.pid,
    device: process.env.KN_TEST_DEVICE,
    start: JSON.parse(process.argv[2]),
  }),
  ready: () => {
    // As an engine may be while it starts: no call is heard, nor a signal that can be handled.
    const loading = Number(process.env.KN_TEST_LOADING ?? 0);
    if (loading > 0) process.on('SIGTERM', () => undefined);
    for (const end = Date.now() + loading; Date.now() < end; );
    const { KN_TEST_STARTS: starts, KN_TEST_DEATHS: deaths, KN_TEST_SIGNAL: signal } = process.env;
    if (starts) {
      appendFileSync(starts, `${process.argv[2]}\n`);
      if (readFileSync(starts, 'utf8').split('\n').length - 1 <= Number(deaths)) {
        process.kill(process.pid, signal);
        return new Promise(() => {});
      }
    }
    if (process.env.KN_TEST_FAIL)
      throw Object.assign(new Error(process.env.KN_TEST_FAIL), { name: 'EngineFault', remedy: '' });
    return `ready on ${process.env.KN_TEST_DEVICE}`;
  },
  fill: () => {
    throw Object.assign(new Error('full'), { name: 'OutOfMemoryError', remedy: '' });
  },
  double: value => 2 * value,
  fail: message => {
    throw Object.assign(new Error(message), { name: 'UserError', remedy: 'mend it' });
  },
  wait: milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds, process.pid)),
  die: signal => {
    process.kill(process.pid, signal);
    return new Promise(() => {});
  },
  dieOnce: file => {
    appendFileSync(file, `${process.pid}\n`);
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => {});
  },
});
