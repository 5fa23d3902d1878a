/** What `millrace verify` is told: how its options are written, and its settings. */
import { UsageError } from '../exit.js';
import { forReading } from '../pace/timetable.js';
import type { Place, VerifySettings } from '../settings.js';
import type { Which } from '../verify/pass.js';
import type { Values } from './options.js';
import { absolute, type Machine, paceOf, styleOf } from './settings.js';
import { parseDuration } from './units.js';

/** A part of all, 0 to 1, and the seed that draws it, if it was given. */
export interface SampleWanted {
  readonly part: number;
  readonly seed: string | undefined;
}

/** `5%`, or with the seed of an earlier sample `5%:3fa9c012`; undefined for `off`. */
export function parseSample(text: string): SampleWanted | undefined {
  if (/^\s*off\s*$/i.test(text)) return undefined;
  const [, percent, seed] = /^\s*(\d{1,3}(?:\.\d{1,6})?)\s*%\s*(?::([\w-]{1,64}))?\s*$/.exec(text) ?? [];
  const part = Number(percent) / 100;
  if (!(part > 0 && part <= 1))
    throw new UsageError('not a part; write a percentage such as 5%, or 5%:SEED with the seed of an earlier sample');
  return { part, seed };
}

/** A moment in ms since the Unix epoch, not to come: `24h` ago, or `2026-11-30`, `2026-11-30T18:00` by the machine's clock. */
export function parseSince(text: string, nowMs = Date.now()): number | undefined {
  const trimmed = text.trim();
  if (/^off$/i.test(trimmed)) return undefined;
  const [, day, time = '00:00', zone = ''] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(trimmed) ?? [];
  const ms = day === undefined ? nowMs - agoMs(trimmed) : Date.parse(`${day}T${time}${zone}`);
  if (Number.isNaN(ms)) throw new UsageError('there is no such time; write for example 2026-11-30T18:00');
  if (ms > nowMs) throw new UsageError('is yet to come; write a time that is over, or for example 24h');
  return ms;
}

function agoMs(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    if (!/^not a time/.test((error as Error).message)) throw error;
    throw new UsageError('not a time; write for example 24h, 7d, 2026-11-30 or 2026-11-30T18:00');
  }
}

/** Settings of a verification. Throws a UsageError where options that are right one by one do not go together. */
export function verifySettingsOf(
  values: Values,
  ledger: Place,
  roots: VerifySettings['roots'],
  machine: Machine,
): VerifySettings {
  const pace = paceOf(values);
  return {
    ledger,
    roots,
    logFile: values['log-file'] === undefined ? undefined : absolute(values['log-file']),
    which: whichOf(values),
    reads: values.read,
    pace: { ...pace, bwlimit: forReading(pace.bwlimit) },
    checksum: values.checksum,
    acceptRoots: values['accept-roots'],
    shareTimeoutMs: values['share-timeout'],
    stallTimeoutMs: values['stall-timeout'],
    readers: values.readers,
    verbose: values.verbose,
    progress: plainStyleOf(values, machine),
  };
}

/** There is no full screen of a verification; on a terminal, a line shows how far it is. */
function plainStyleOf(values: Values, machine: Machine): VerifySettings['progress'] {
  const style = styleOf(values, machine.terminal ?? 'none');
  return style === 'tui' ? 'plain' : style;
}

function whichOf({ all, since, sample }: Values): Which {
  const asked = [all && '--all', since !== undefined && '--since', sample && '--sample'].filter(Boolean);
  if (asked.length > 1) throw new UsageError(`${asked.join(' and ')} do not go together; give one of them`);
  if (sample) return { kind: 'sample', ...sample };
  if (since !== undefined) return { kind: 'since', sinceMs: since };
  return { kind: all ? 'all' : 'unverified' };
}
