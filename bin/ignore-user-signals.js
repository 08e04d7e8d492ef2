// Node would open a debugger at SIGUSR1, and end at SIGUSR2. A scheduler sends either to say that time is running out, to all
// processes of a job: it is no request to end.
for (const signal of ['SIGUSR1', 'SIGUSR2']) process.on(signal, () => undefined);
