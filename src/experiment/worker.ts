/** The file that a worker process runs: it does the tasks of every experiment. */
import { TASKS } from './experiments.js';
import { serveTasks } from './run/worker.js';

serveTasks(TASKS);
