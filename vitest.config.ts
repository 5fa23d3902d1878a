import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Tests run the built code (dist/), the same files that users and worker threads run: `../src/x.js` in a test
// means dist/src/x.js, loaded by Node itself and not transformed.
const built = fileURLToPath(new URL('dist/', import.meta.url));

export default defineConfig({
  resolve: { alias: [{ find: /^(?:\.\.\/)+(src|workers)\//, replacement: `${built}$1/` }] },
  test: {
    include: ['test/**/*.test.ts'],
    // Those on real mounts boot a guest kernel: npm run test:shares.
    exclude: ['test/shares/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    server: { deps: { external: [/\/dist\//] } },
  },
});
