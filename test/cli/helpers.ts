import { expect } from 'vitest';
import { UsageError } from '../../src/exit.js';

/** The message of the UsageError that `call` throws; anything else fails the test. */
export function usageMessage(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return messageOf(error);
  }
  throw new Error('expected a UsageError');
}

export async function usageMessageOf(promise: Promise<unknown>): Promise<string> {
  return messageOf(
    await promise.then(
      () => new Error('expected a UsageError'),
      (error: unknown) => error,
    ),
  );
}

function messageOf(error: unknown): string {
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).message;
}
