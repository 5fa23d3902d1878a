/** Where settings come from: flags, then the environment, then the config file, then the defaults. */
import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Env, fromEnvironment } from './environment.js';
import { type Layer, OPTION_NAMES, optionOf, type Values } from './options.js';
import { configHome } from './paths.js';

/** The options with a fixed default, parsed by the same rules as a user's text. */
const DEFAULTS = Object.fromEntries(
  OPTION_NAMES.map((name) => [name, optionOf(name)] as const)
    .filter(([, option]) => option.fallback !== undefined)
    .map(([name, option]) => [name, option.parse(option.fallback!)]),
) as Values;

/** The settings of all places; every place is checked, also what another one overrides. Throws UsageError. */
export async function gather(flags: Layer, env: Env): Promise<Values> {
  const environment = fromEnvironment(env);
  const file = configFile(flags.config ?? environment.config, env);
  const configured = file === undefined ? {} : (await import('./configfile.js')).readConfigFile(file);
  return merge([flags, environment, configured]);
}

/** The first layer that has an option wins; the defaults come last. */
export function merge(layers: readonly Layer[]): Values {
  return Object.assign({}, DEFAULTS, ...layers.toReversed());
}

/** A file that was named must exist, so it is returned in any case; the usual one only where there is one. */
function configFile(named: string | undefined, env: Env): string | undefined {
  if (named !== undefined) return resolve(named);
  const home = configHome(env);
  const usual = home === undefined ? undefined : join(home, 'millrace', 'config.toml');
  return usual !== undefined && mayExist(usual) ? usual : undefined;
}

/** False only when there is surely no such file: one that cannot be looked at may hold a limit that must hold. */
function mayExist(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true;
  }
}
