/** The file that a worker process runs: it does the tasks of every experiment. */
import { EXPERIMENTS } from './experiments.js';
import { serveTasks } from './run/worker.js';

serveTasks(Object.values(EXPERIMENTS).flatMap(({ tasks }) => tasks));
