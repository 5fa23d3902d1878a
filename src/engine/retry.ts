import { classOf, type Failure } from '../share/failure.js';

/** How often a retryable item is tried before it waits for the last pass. */
export const ATTEMPTS = 3;

/** An item with which threads died so often is the cause. */
export const ITEM_DEATHS = 3;

/** Threads that may die in a session. */
export const MOST_DEATHS = 10;

/**
 * Milliseconds to wait before attempt number `attempt` (2, 3 ...): 250 ms, doubled each time, spread by +-50 % so
 * that items which failed together do not come back together. `random` is in [0, 1).
 */
export function backoffMs(attempt: number, random: number): number {
  return 250 * 2 ** (attempt - 2) * (0.5 + random);
}

export function worthRetrying(failure: Failure, attempts: number): boolean {
  return failure.class === 'retry' && attempts < ATTEMPTS;
}

/** Failures that the last pass tries once more: those that pass by themselves. */
export function worthLastPass(code: string): boolean {
  return classOf(code) === 'retry' || code === 'CHANGED';
}

/** Failures that the removal of extras may have cured: something was in the way. */
export function inTheWay(code: string): boolean {
  return ['EISDIR', 'ENOTDIR', 'EEXIST', 'ENOTEMPTY', 'ELOOP'].includes(code);
}
