/** Calls that hang: told once when they take too long, and once when they are over. */
import { Call } from '../pace/latency.js';
import { SIDE_NAMES, type Side } from '../share/share.js';
import { steadyMs } from '../stats/clock.js';
import { formatDuration } from '../stats/format.js';
import { AT_SOURCE } from '../stats/shared.js';
import type { Stall } from '../stats/snapshot.js';
import { cleanName } from '../ui/clean.js';
import type { HangingCall } from './section.js';

/** All that was published, wherever that is. */
const FLUSHING = 'flushing';

const DOING: Record<HangingCall['role'], Partial<Record<number, string>>> = {
  reader: { [Call.open]: 'opening', [Call.move]: 'reading', [Call.moveLess]: 'reading' },
  writer: {
    [Call.open]: 'creating',
    [Call.move]: 'writing',
    [Call.moveLess]: 'writing',
    [Call.publish]: 'publishing',
    [AT_SOURCE]: 'looking at',
  },
  scanner: { [Call.list]: 'listing' },
  keeper: { [Call.open]: 'looking at', [Call.publish]: FLUSHING },
};

/** Between two looks, ms. */
const LOOK_MS = 1000;

export class Stalls {
  /** `toldMs`: when it was told, by a clock that nobody sets. */
  private known = new Map<string, { readonly stall: Stall; readonly toldMs: number }>();
  private lookedMs = 0;

  constructor(
    private readonly pathOf: (call: HangingCall) => string | undefined,
    /** A line for the operator. */
    private readonly note: (text: string) => void,
    private readonly clock: () => number = steadyMs,
  ) {}

  get all(): Stall[] {
    return [...this.known.values()].map(({ stall }) => stall);
  }

  /** What hangs on, `ms` and longer after that was told: on which side, and what, in words. */
  lasting(ms: number): { side: Side; what: string } | undefined {
    const nowMs = this.clock();
    const lasting = [...this.known.values()].find(({ toldMs }) => nowMs - toldMs >= ms);
    return lasting && { side: lasting.stall.side, what: `hangs: ${describe(lasting.stall, Date.now())}` };
  }

  /** To be called a few times a second; `hanging` gives the calls that take too long now, by the machine's clock. */
  tick(hanging: (nowMs: number) => Iterable<HangingCall>): void {
    const nowMs = Date.now();
    if (Math.abs(nowMs - this.lookedMs) < LOOK_MS) return;
    this.lookedMs = nowMs;
    this.look(hanging(nowMs), nowMs);
  }

  /** `hanging`: the calls that take too long now. */
  look(hanging: Iterable<HangingCall>, nowMs: number): void {
    const now: typeof this.known = new Map();
    for (const call of hanging) {
      const key = `${call.role} ${call.side} ${call.lane} ${call.sinceMs}`;
      const known = this.known.get(key) ?? { stall: this.stallOf(call), toldMs: this.clock() };
      now.set(key, known);
      if (!this.known.has(key)) this.note(`hangs: ${describe(known.stall, nowMs)}`);
    }
    for (const [key, { stall }] of this.known) if (!now.has(key)) this.note(`goes on: ${describe(stall, nowMs)}`);
    this.known = now;
  }

  private stallOf(call: HangingCall): Stall {
    const doing = DOING[call.role][call.kind] ?? 'working on';
    return { side: call.side, doing, path: this.pathOf(call) ?? '', sinceMs: call.sinceMs };
  }
}

/** `listing d/e at the source, for 61s`. */
function describe({ side, doing, path, sinceMs }: Stall, nowMs: number): string {
  const where = path === '' ? 'the root' : cleanName(path);
  const what = doing === FLUSHING ? 'files' : where;
  return `${doing} ${what} at the ${SIDE_NAMES[side]}, for ${formatDuration(Math.max(0, nowMs - sinceMs) / 1000)}`;
}
