import { mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

// The tests on real mounts, one guest kernel at a time: each has a processor to itself, and its figures are of time.
const config = mergeConfig(base, { test: { maxWorkers: 1, testTimeout: 420_000 } });
config.test.include = ['test/shares/**/*.test.ts'];
config.test.exclude = [];
export default config;
