// Loaded before kn by node --import: in the first process that gets there, the KN_TEST_FAIL_AT-th time that neurons' values
// are written fails. KN_TEST_FAILED is a file that is made then, so that the next process writes them all.
import { closeSync, openSync } from 'node:fs';
import { EncoderModel } from '../../dist/model/encoder/model.js';

let writes = 0;
const { writeValues } = EncoderModel.prototype;
EncoderModel.prototype.writeValues = async function (...args) {
  if (++writes === Number(process.env.KN_TEST_FAIL_AT) && isFirst()) throw new Error('the memory is broken');
  return writeValues.apply(this, args);
};

function isFirst() {
  try {
    closeSync(openSync(process.env.KN_TEST_FAILED, 'wx'));
    return true;
  } catch {
    return false;
  }
}
