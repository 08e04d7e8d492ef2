/** Between two questions, in ms: little beside a batch, and much beside what a question costs. */
const PAUSE = 1;

/**
 * Dawn asks its device whether it is done at every turn of the event loop, by the global setImmediate. That keeps a whole
 * core busy, which on a software adapter is one of those that compute. Here it asks once a millisecond; functions of
 * JavaScript wait no longer than before.
 */
export function pollSeldom(): void {
  globalThis.setImmediate = new Proxy(globalThis.setImmediate, {
    apply(turn, self, args: [callback: (...rest: unknown[]) => void, ...rest: unknown[]]) {
      const [callback, ...rest] = args;
      return isNative(callback) ? setTimeout(callback, PAUSE, ...rest) : Reflect.apply(turn, self, args);
    },
  });
}

/** As Dawn's callback is; functions of JavaScript print their source. */
function isNative(callback: unknown): boolean {
  return (
    typeof callback === 'function' &&
    /\{ \[native code\] \}$/.test(Function.prototype.toString.call(callback))
  );
}
