// Preloaded by tests (node --import): WebAssembly's memory may grow to so many MB alone, where it is 4 GB otherwise.
import v8 from 'node:v8';

const pages = Number(process.env.KN_TEST_WASM_MB) * 16;
v8.setFlagsFromString(`--wasm-max-mem-pages=${pages}`);
