/** The MILLRACE_* variables as one layer of settings. */
import { locating, UsageError } from '../exit.js';
import { quoted } from '../printable.js';
import { didYouMean } from './nearest.js';
import { type Layer, OPTION_NAMES, type OptionName, optionOf } from './options.js';

export type Env = Readonly<Record<string, string | undefined>>;

const PREFIX = 'MILLRACE_';
/** Names for millrace's own use, such as tests; not settings. */
const INTERNAL = 'MILLRACE_INTERNAL_';

const OPTIONS_HERE = OPTION_NAMES.filter((name) => optionOf(name).env);
const NAMES = new Map<string, OptionName>(OPTIONS_HERE.map((name) => [variableOf(name), name]));

/** `MILLRACE_BLOCK_SIZE` for `block-size`. */
export function variableOf(name: OptionName): string {
  return PREFIX + name.toUpperCase().replaceAll('-', '_');
}

/**
 * What the environment sets. A MILLRACE_* variable that is no option's is a UsageError, so that a mistyped limit does
 * not go unnoticed for weeks; so is an empty one.
 */
export function fromEnvironment(env: Env): Layer {
  const layer: Partial<Record<OptionName, unknown>> = {};
  for (const [variable, text] of Object.entries(env)) {
    if (text === undefined || !variable.startsWith(PREFIX) || variable.startsWith(INTERNAL)) continue;
    const name = NAMES.get(variable);
    if (name === undefined) {
      const near = didYouMean(variable.slice(PREFIX.length), OPTIONS_HERE, variableOf);
      throw new UsageError(`${variable} in the environment: unknown${near}`);
    }
    layer[name] = read(name, variable, text);
  }
  return layer as Layer;
}

function read(name: OptionName, variable: string, text: string): unknown {
  if (text === '') throw new UsageError(`${variable} in the environment: is empty; give it a value or unset it`);
  return locating(`${variable}=${quoted(text)}`, () => optionOf(name).parse(text));
}
