/** The process that tensorflow-trial.ts starts: loads the tensorflow engine and multiplies on it, if it lives so long. */
import { endWithParent } from '../orphan-watch.js';
import { checkProduct } from './check-product.js';
import { startTensorflow } from './tensorflow.js';
import { COMPUTES } from './tensorflow-trial.js';

endWithParent();
try {
  await startTensorflow();
  await checkProduct();
  process.stdout.write(COMPUTES);
} catch {
  // Whoever asked gets the same error when it starts the engine, and says it in its own way.
}
