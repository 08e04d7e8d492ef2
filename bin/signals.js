// The first moment: these handlers are there before anything else is loaded. As the first process of a container (PID 1) a
// process without them is not ended by these signals at all. Once kn's own are there (src/cli/output/interrupt.ts), they decide.
import { writeSync } from 'node:fs';
import './ignore-user-signals.js';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (process.listenerCount(signal) !== 1) return;
    writeSync(process.stderr.fd, 'Interrupted.\n');
    process.exit(130);
  });
}
