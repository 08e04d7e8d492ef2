/** What `kn setup` does and says. */
import { progressTo } from '../../progress.js';
import { tensorflowFolder } from '../../runtime/engines/installed-tensorflow.js';
import { installTensorflow, removeTensorflow } from '../../setup/install-tensorflow.js';
import type { OutputOptions } from '../options/options.js';
import { interruptible } from '../output/interrupt.js';
import { print } from '../output/print.js';
import { createProgress } from '../output/progress.js';

const MEGABYTE = 1e6;

type SetupRequest = Parameters<typeof installTensorflow>[0];
type SetupReporter = Parameters<typeof installTensorflow>[1];

export async function setUpEngine(request: SetupRequest, output: OutputOptions): Promise<void> {
  const progress = progressTo(createProgress(output).onProgress);
  const megabytes = (bytes: number) => Number((bytes / MEGABYTE).toFixed(1));
  try {
    const reporter: SetupReporter = {
      step: text => progress.notice(text),
      received: (file, bytes, total) =>
        progress.show(`fetching ${file}, MB`, {
          done: megabytes(bytes),
          total: megabytes(total),
          text: '',
        }),
    };
    const { installed, proof } = await interruptible(signal => installTensorflow(request, reporter, signal));
    progress.stop();
    if (output.json) {
      print(JSON.stringify({ ...installed, proof }));
      return;
    }
    const { gigaflops, wasmGigaflops, relativeError, version } = proof;
    const faster = (gigaflops / wasmGigaflops).toFixed(1);
    print(
      `The tensorflow engine is ready: ${version}, in ${installed.folder}`,
      ...(request.cuda && !proof.gpu ? ['It is made for CUDA, and was proved on the CPU alone.'] : []),
      `Its scores are those of the wasm engine to a relative error of ${relativeError.toExponential(0)}.`,
      `Products: ${gigaflops.toFixed(0)} GFLOPS, ${faster} times one wasm worker's ${wasmGigaflops.toFixed(0)}.`,
    );
  } finally {
    progress.stop();
  }
}

export async function removeEngine(output: OutputOptions): Promise<void> {
  const { notice } = progressTo(createProgress(output).onProgress);
  const removed = await interruptible(signal => removeTensorflow(notice, signal));
  const folder = tensorflowFolder();
  if (output.json) print(JSON.stringify({ removed: removed ? folder : null }));
  else print(removed ? `Removed ${folder}` : `Nothing to remove in ${folder}`);
}
