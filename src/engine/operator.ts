/** What the person in front of this process may ask of its run. */

import { parseTimetable } from '../cli/timetable.js';
import { UsageError } from '../exit.js';
import type { Ledger } from '../ledger/ledger.js';
import type { Operator } from '../ui/operator.js';
import type { Controls } from './controls.js';

export function operatorOf(controls: Controls, ledger: Ledger): Operator {
  return {
    pause: async () => {
      controls.pause();
      return 'paused: nothing moves';
    },
    resume: async () => {
      controls.resume();
      return 'going on';
    },
    drain: async () => (controls.drain() ? 'finishing the files in flight' : 'it is ending already'),
    stop: async () => {
      controls.stop();
      return 'ending now';
    },
    limit: async (rate) => {
      controls.limit(parsed(rate));
      return `the limit is ${rate}`;
    },
    lanes: () =>
      Promise.reject(new Error('lanes cannot be changed while a run is under way; give --readers and --writers')),
    retryFailed: () => Promise.reject(new Error('what failed is tried again by the next run')),
    failures: async (after, limit) => {
      const rows = ledger.failedAfter(after?.dir ?? -1, after?.name ?? '', limit);
      const last = rows.at(-1);
      return {
        failures: rows.map(({ dir, name, error }) => {
          const folder = ledger.pathOf(dir) ?? '';
          return { path: folder === '' ? name : `${folder}/${name}`, error: error ?? '' };
        }),
        next: last && rows.length === limit ? { dir: last.dir, name: last.name } : undefined,
      };
    },
  };
}

function parsed(rate: string) {
  try {
    return parseTimetable(rate);
  } catch (error) {
    throw error instanceof UsageError ? new Error(`limit ${rate}: ${error.message}`) : error;
  }
}
