// Loaded before kn by node --import: takes the GPU away in the middle of the work, in the first process that gets to
// its KN_TEST_LOSE_AT-th submission. KN_TEST_LOST is a file that is made then, so that the next process keeps its GPU.
import { closeSync, openSync } from 'node:fs';
import { globals } from 'webgpu';

const { GPUDevice, GPUQueue } = globals;
const devices = new WeakMap();
const { createCommandEncoder } = GPUDevice.prototype;
GPUDevice.prototype.createCommandEncoder = function (...args) {
  devices.set(this.queue, this);
  return createCommandEncoder.apply(this, args);
};

let submissions = 0;
const { submit } = GPUQueue.prototype;
GPUQueue.prototype.submit = function (...args) {
  if (++submissions === Number(process.env.KN_TEST_LOSE_AT) && firstToLose()) devices.get(this).destroy();
  return submit.apply(this, args);
};

function firstToLose() {
  try {
    closeSync(openSync(process.env.KN_TEST_LOST, 'wx'));
    return true;
  } catch {
    return false;
  }
}
