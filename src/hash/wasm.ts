import { createRequire } from 'node:module';
import type { IHasher } from 'hash-wasm';
import type { Hasher } from './hasher.js';

type HashWasm = typeof import('hash-wasm');

/**
 * An algorithm of hash-wasm. The library is loaded at the first call in a thread, so threads that hash with node:crypto
 * never pay for it; and with require, because import() of this CommonJS bundle takes ~30 ms against ~6 ms (Node 20
 * scans its 280 KB for export names first).
 *
 * hash-wasm copies each view into the module's memory in pieces of 16 KiB, which is why shared memory is no obstacle.
 */
export async function createWasmHasher(create: (library: HashWasm) => Promise<IHasher>): Promise<Hasher> {
  const state = await create(createRequire(import.meta.url)('hash-wasm') as HashWasm);
  let open = false;
  state.init();
  return {
    reset() {
      state.init();
      open = false;
    },
    update(view) {
      state.update(view);
      open = true;
    },
    digest() {
      const digest = state.digest('binary');
      state.init();
      open = false;
      return digest;
    },
    // One module is 0.3 MB of memory in every thread, so a stream under way (rare here) steps aside in place of having
    // a second module for single views.
    of(view) {
      const kept = open ? state.save() : undefined;
      const digest = state.init().update(view).digest('binary');
      if (kept) state.load(kept);
      else state.init();
      return digest;
    },
  };
}
