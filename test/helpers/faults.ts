/** System calls that fail on demand; they work again after each test. */
import { constants } from 'node:os';
import koffi from 'koffi';
import { afterEach, beforeEach } from 'vitest';
import { libc } from '../../src/posix/libc.js';

type Call = keyof typeof libc;
type Fn = (...args: unknown[]) => number;

const calls = libc as unknown as Record<Call, Fn>;
const real = { ...calls };

function restore(): void {
  Object.assign(calls, real);
}

afterEach(restore);
// Also when another hook failed before ours had its turn.
beforeEach(restore);

/** Replaces a call; `instead` gets the real one first. */
export function replaceCall(name: Call, instead: (original: Fn, ...args: unknown[]) => number): void {
  const original = calls[name];
  calls[name] = (...args) => instead(original, ...args);
}

export function failWith(code: keyof typeof constants.errno): -1 {
  koffi.errno(constants.errno[code]);
  return -1;
}

/** Lets the calls fail for whose number, counted from 1, `when` is true. */
export function failCall(name: Call, code: keyof typeof constants.errno, when = (_: number): boolean => true): void {
  let count = 0;
  replaceCall(name, (original, ...args) => (when(++count) ? failWith(code) : original(...args)));
}
