// One file for all threads, and of CommonJS: a thread starts in half the processor time that it takes Node to find and
// link twenty modules, and a run on a slow share starts about fifty.
export default {
  input: 'workers/index.ts',
  platform: 'node',
  external: /^[^./]/, // packages
  output: { file: 'dist/lanes.cjs', format: 'cjs', sourcemap: true },
};
