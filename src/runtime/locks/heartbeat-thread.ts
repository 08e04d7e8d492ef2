/** The thread that touches locks. */
import { parentPort } from 'node:worker_threads';
import { type HeartbeatMessage, touchAtIntervals } from './heartbeat.js';

const timers = new Map<string, NodeJS.Timeout>();

parentPort?.on('message', (message: HeartbeatMessage) => {
  if (message.type === 'keep') {
    timers.set(message.held.text, touchAtIntervals(message.held, message.every));
  } else {
    clearInterval(timers.get(message.text));
    timers.delete(message.text);
  }
});
