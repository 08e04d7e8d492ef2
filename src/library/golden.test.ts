import { describe } from 'vitest';
import { startEngine } from '../runtime/engine.js';
import { describeGolden } from '../testing/describe-golden.js';
import { enginesHere } from '../testing/engines.js';

describe.each(await enginesHere())('on the %s engine', engine => {
  describeGolden(async () => {
    await startEngine(engine);
  });
});
