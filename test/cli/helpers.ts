import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
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

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new empty folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-cli-'));
  folders.push(folder);
  return folder;
}
