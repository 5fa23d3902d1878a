// One file for each kind of thread, and of CommonJS: a thread starts in half the processor time that it takes Node to
// find and link twenty modules, and a run on a slow share starts more than sixty.
const lane = (role) => ({
  input: `workers/${role}.ts`,
  platform: 'node',
  external: /^[^./]/, // packages
  output: { file: `dist/lanes/${role}.cjs`, format: 'cjs', sourcemap: true },
});

export default ['keeper', 'reader', 'scanner', 'writer'].map(lane);
