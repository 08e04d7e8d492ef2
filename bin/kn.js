#!/usr/bin/env node
import './signals.js';

const { main } = await import('../dist/cli/main.js');
await main(process.argv);
