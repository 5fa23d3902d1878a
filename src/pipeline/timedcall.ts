/** Calls on a share as lanes make them: when the window has room, and timed. */
import { Call } from '../pace/latency.js';
import type { Window } from '../pace/window.js';
import type { LaneCounters } from '../stats/shared.js';

/**
 * Makes a call once the window has room for it. `operations`: what it counts for where the share's latency is measured;
 * 0 when it takes its time for its data.
 */
export function timedCall<T>(
  { window, counters }: { readonly window: Window; readonly counters: LaneCounters },
  kind: Call,
  operations: number,
  call: () => T,
): T {
  return window.pass(() => {
    const begunMs = performance.now();
    counters.calling(kind, begunMs);
    try {
      const result = call();
      const ms = performance.now() - begunMs;
      counters.took(kind, ms);
      if (operations > 0) counters.timed(operations, ms);
      return result;
    } finally {
      counters.called();
    }
  });
}

/** The kind of a call that moves `length` bytes, where pieces are of `piece` bytes. */
export function moveOf(length: number, piece: number): Call {
  return piece < Number.POSITIVE_INFINITY && length * 2 < piece ? Call.moveLess : Call.move;
}
