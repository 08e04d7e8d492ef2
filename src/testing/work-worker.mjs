/** A worker for tests of the work: its tasks say what becomes of them. A record's neuron is [tasks of its call, batch bytes]. */
import workerpool from 'workerpool';

workerpool.worker({
  ready: () => 'ready',
  runFact({ tasks, batchBytes }) {
    for (const { end } of tasks) {
      if (end === 'fail') throw new Error('this fact fails');
      if (end === 'die' || (end === 'die above 1e6' && batchBytes > 1e6)) {
        process.kill(process.pid, 'SIGKILL');
        return new Promise(() => {});
      }
      if (end === 'fill') throw Object.assign(new Error('memory is full'), { name: 'OutOfMemoryError' });
      if (end === 'fill above 1e6' && batchBytes > 1e6)
        throw Object.assign(new Error('memory is full'), { name: 'OutOfMemoryError' });
    }
    return tasks.map(({ uuid }) => ({ uuid, neurons: [[tasks.length, batchBytes]] }));
  },
});
