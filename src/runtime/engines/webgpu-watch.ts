import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { OutOfMemoryError, UserError } from '../../errors.js';
import type { OnLoss } from './engine.js';

/**
 * Makes errors of what WebGPU would pass over: it computes on with empty buffers where one cannot be made, and with
 * nothing at all once its device is lost. From then on every read of a tensor is refused, so that no wrong number
 * comes out.
 * @param adapter its name, for messages
 * @param onLoss called once, at the first such error
 */
export function watchDevice(backend: WebGPUBackend, adapter: string, onLoss: OnLoss): void {
  const { device } = backend;
  let loss: UserError | undefined;
  const lose = (error: UserError) => {
    if (loss) return;
    loss = error;
    onLoss(loss);
  };
  void device.lost.then(({ message }) =>
    lose(
      new UserError(
        `${adapter}: the GPU was lost while it computed (${firstLine(message)})`,
        'Run the same command again.',
      ),
    ),
  );
  device.addEventListener('uncapturederror', event => {
    event.preventDefault(); // or Dawn prints it
    lose(
      event.error instanceof GPUOutOfMemoryError
        ? new OutOfMemoryError(`${adapter}: the GPU's memory is full`, SMALLER, true)
        : new UserError(
            `${adapter}: the GPU refused to compute (${firstLine(event.error.message)})`,
            'Take --engine wasm.',
          ),
    );
  });

  const read = backend.read.bind(backend);
  backend.read = async dataId => {
    try {
      const values = await read(dataId);
      if (loss) throw loss;
      return values;
    } catch (error) {
      throw loss ?? error;
    }
  };

  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  const most = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  const write = backend.write.bind(backend);
  backend.write = (values, shape, dtype) => {
    const bytes = 4 * shape.reduce((product, size) => product * size, 1); // of every type that tfjs has there
    if (bytes > most) {
      throw new OutOfMemoryError(
        `a tensor of [${shape}] takes ${megabytes(bytes)}, and ${adapter} takes ${megabytes(most)} in one piece`,
        SMALLER,
      );
    }
    return write(values, shape, dtype);
  };
}

const SMALLER = 'Take a smaller --batch-memory, fewer --workers, or --engine wasm.';

const firstLine = (message: string) => message.split('\n')[0].replace(/\.$/, '');

const megabytes = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
