/**
 * What a run and those who steer it say to each other through its control socket: lines of JSON. A request gets one
 * answer; `watch` is answered by messages until the run ends or the asker leaves.
 */
import { z } from 'zod';
import { MOST_LANES } from '../settings.js';
import type { Forecast } from '../stats/forecast.js';
import type { Rates } from '../stats/rates.js';
import type { Snapshot } from '../stats/snapshot.js';
import type { FailurePage } from '../ui/operator.js';

const lanes = z.number().int().min(0).max(MOST_LANES);

const REQUEST = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('status') }),
  z.strictObject({ do: z.literal('watch') }),
  z.strictObject({ do: z.enum(['pause', 'resume', 'drain', 'stop', 'retry-failed']) }),
  z.strictObject({ do: z.literal('limit'), rate: z.string().max(1000) }),
  z.strictObject({ do: z.literal('lanes'), readers: lanes, writers: lanes }),
  z.strictObject({
    do: z.literal('failures'),
    after: z.strictObject({ dir: z.number(), name: z.string() }).optional(),
    limit: z.number().int().min(1).max(1000),
  }),
]);

export type Request = z.infer<typeof REQUEST>;

/** How a run is, with what only its own history tells. */
export interface State {
  readonly snapshot: Snapshot;
  /** `null`: nobody knows yet. */
  readonly rates: Rates | null;
  readonly forecast: Forecast | null;
}

/** A line about what was done; a page of failures; how the run is. */
export type Result = string | FailurePage | State;

export type Answer = { readonly ok: Result } | { readonly error: string };

/** What a watcher gets: how the run is, each second; a line for the operator; the last words. It keeps a history itself. */
export type Event =
  | { readonly state: Pick<State, 'snapshot'> }
  | { readonly note: string }
  | { readonly ended: { readonly exitCode: number; readonly summary: string } };

/** The first line that a run says to whoever comes. */
export interface Hello {
  readonly millrace: string;
  readonly pid: number;
}

/** Longer lines from an asker are no requests of ours. */
export const LONGEST_REQUEST = 64 * 1024;

/** Throws an Error of one line for what is no request. */
export function readRequest(line: string): Request {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error('not a line of JSON');
  }
  const read = REQUEST.safeParse(value);
  if (!read.success) throw new Error('not a request that this version of millrace knows');
  return read.data;
}
