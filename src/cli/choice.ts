/** What of the source is copied, as the options say; reads the files that they name. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { locating, UsageError } from '../exit.js';
import { decodeName } from '../posix/names.js';
import type { Comparing } from '../scan/compare.js';
import { type Choice, chosenRules } from '../scan/filter/choice.js';
import type { Values } from './options.js';

/** Throws a UsageError for rules that are not well formed, and files that cannot be read. */
export function choiceOf(values: Values): Choice {
  if (values['delete-excluded'] && !values['delete-extras'])
    throw new UsageError('--delete-excluded is for --delete-extras: give both');
  if (values['compare-content'] && values['dry-run'])
    throw new UsageError('--dry-run reads no content, so it cannot tell what -c would find; see millrace verify');
  const [minSize, maxSize] = [values['min-size'] ?? 0, values['max-size'] ?? Number.POSITIVE_INFINITY];
  if (minSize > maxSize) throw new UsageError('--min-size is more than --max-size: no file is both');
  let stdinIsRead = false;
  const read = (file: string): string[] => {
    const isStdin = file === '-';
    if (isStdin && values.detach) throw new UsageError('standard input cannot be read with --detach; name a file');
    if (isStdin && stdinIsRead) throw new UsageError('standard input can be read once; name a file');
    stdinIsRead ||= isStdin;
    return linesOf(isStdin ? undefined : file, values.from0);
  };
  const list = values['files-from'];
  const rules = chosenRules(values.filter ?? [], { deletesExcluded: values['delete-excluded'], read });
  return {
    rules: [...rules, ...values.skip],
    minSize,
    maxSize,
    listed: list === undefined ? undefined : listedBy(list, read),
    oneFilesystem: values['one-file-system'],
    safeLinks: values['safe-links'] || undefined,
    copyLinks: values['copy-links'] || undefined,
    comparing: comparingOf(values),
  };
}

function comparingOf(values: Values): Comparing | undefined {
  const comparing = {
    sizeOnly: values['size-only'],
    update: values.update,
    ignoreExisting: values['ignore-existing'],
    existing: values.existing,
    windowSeconds: values['modify-window'],
    content: values['compare-content'] || undefined,
  };
  return Object.values(comparing).some(Boolean) ? comparing : undefined;
}

function listedBy(file: string, read: (file: string) => string[]): string[] {
  const lines = locating('--files-from', () => read(file));
  return locating(`--files-from ${file}`, () => listedIn(lines));
}

/** Paths beneath the root without slashes at their ends; '' is the root. Comments are as in files of rules. */
function listedIn(lines: readonly string[]): string[] {
  const paths = lines.filter((line) => line !== '' && !/^[#;]/.test(line)).map(listedPath);
  if (paths.length === 0) throw new UsageError('lists nothing');
  return paths;
}

function listedPath(line: string): string {
  const names = line.split('/').filter((name) => name !== '' && name !== '.');
  if (names.includes('..')) throw new UsageError(`${line}: write paths beneath the source without ..`);
  return names.join('/');
}

/** The lines of a file, of standard input without one; names as posix/names.ts describes. */
function linesOf(file: string | undefined, from0: boolean): string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file === undefined ? 0 : resolve(file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${file ?? 'standard input'}: cannot be read: ${code}`);
  }
  const lines = bytes.toString('latin1').split(from0 ? '\0' : /[\n\r]/);
  return lines.map((line) => {
    const raw = Buffer.from(line, 'latin1');
    return decodeName(raw, 0, raw.length);
  });
}
