/**
 * The TOML config file as one layer of settings. Loaded only when there is such a file: reading the parser and the
 * checker costs more than everything else at the start.
 */
import { closeSync, openSync, readSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { parse, TomlError, type TomlTable } from 'smol-toml';
import { z } from 'zod';
import { UsageError } from '../exit.js';
import { quoted } from '../printable.js';
import { didYouMean } from './nearest.js';
import { type Layer, OPTION_NAMES, type OptionName, optionOf } from './options.js';

/** Bytes; a config file has a dozen lines, and a device or a pipe given by mistake may never end. */
const LARGEST = 64 * 1024;

const KEYS = OPTION_NAMES.filter((name) => optionOf(name).file === true);

const SCHEMA = z.strictObject(
  Object.fromEntries(
    OPTION_NAMES.filter((name) => optionOf(name).file !== false).map((name) => [name, schemaOf(name).optional()]),
  ),
);

/**
 * What the file sets. Throws a UsageError that names the file, and the key and its value where one is wrong: a file
 * that cannot be read, is not TOML, or has a key that is unknown or not for config files.
 */
export function readConfigFile(file: string): Layer {
  const table = parseToml(file, readText(file));
  const result = SCHEMA.safeParse(table);
  if (result.success) return result.data as Layer;
  const [issue] = result.error.issues;
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0]!;
    throw new UsageError(`${file}: unknown key '${quoted(key)}'${didYouMean(key, KEYS)}; known are ${KEYS.join(', ')}`);
  }
  const key = String(issue?.path[0]);
  throw new UsageError(`${file}: ${key} = ${shown(table[key])}: ${issue?.message}`);
}

function schemaOf(name: OptionName): z.ZodType {
  const option = optionOf(name);
  if (typeof option.file === 'string') return z.never({ error: option.file });
  const type = typeOf(option.kind);
  const whole = option.gathersIn === undefined ? type : z.array(type, { error: 'write a list of texts in quotes' });
  return (whole as z.ZodType<string | number | boolean | readonly string[]>).transform((value, context) => {
    try {
      if (Array.isArray(value)) return value.flatMap((text: string) => option.parse(text));
      const parsed = option.parse(String(value));
      // A relative name would mean another file for each folder millrace is started in, and so another ledger.
      if (option.kind === 'path' && !isAbsolute(String(value))) throw new UsageError('write the path from / on');
      return parsed;
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
      return z.NEVER;
    }
  });
}

function typeOf(kind: ReturnType<typeof optionOf>['kind']): z.ZodType<string | number | boolean> {
  switch (kind) {
    case 'toggle':
      return z.boolean({ error: 'write true or false, without quotes' });
    case 'number':
      return z.union([z.number(), z.string()], { error: 'write a number, or a text in quotes' });
    case 'text':
    case 'path':
      return z.string({ error: 'write a text in quotes' });
  }
}

function parseToml(file: string, text: string): TomlTable {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The parser's message goes on with an excerpt over several lines.
    const [first = ''] = error.message.split('\n');
    throw new UsageError(`${file}:${error.line}:${error.column}: ${first.replace(/^Invalid TOML document: /, '')}`);
  }
}

function readText(file: string): string {
  const buffer = Buffer.alloc(LARGEST + 1);
  let length = 0;
  try {
    const fd = openSync(file, 'r');
    try {
      for (let got = -1; got !== 0 && length < buffer.length; length += got) {
        got = readSync(fd, buffer, length, buffer.length - length, null);
      }
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw new UsageError(`${file}: cannot read the config file: ${reason(error)}`);
  }
  if (length > LARGEST) throw new UsageError(`${file}: too large for a config file (more than ${LARGEST / 1024} KiB)`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length));
  } catch {
    throw new UsageError(`${file}: not a text in UTF-8`);
  }
}

/** `ENOENT: no such file or directory`, without the call and the path that Node appends. */
function reason(error: unknown): string {
  return error instanceof Error ? error.message.replace(/, [a-z]+( '.*')?$/s, '') : String(error);
}

function shown(value: unknown): string {
  return quoted(typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value)));
}
