/**
 * The arithmetic of a bucket, without the shared memory.
 *
 * A byte clock counts the bytes that the limit has allowed so far: it advances at `rate` bytes per second. Lanes claim
 * consecutive stretches of it, and a piece may move once the clock has reached its stretch. This is the virtual
 * scheduling of GCRA (ITU-T I.371, annex A) with positions in bytes in place of times: bytes are whole numbers, so any
 * number of claims adds up exactly, and a change of rate only changes how fast the clock runs. Nothing that was claimed
 * before the change has to be converted.
 */
export interface ByteClock {
  /** Bytes per second; 0n: no limit; HELD: nothing may move. In both cases the clock stands still. */
  readonly rate: bigint;
  /** Position in bytes at the moment `since`. */
  readonly base: bigint;
  /** ns of CLOCK_MONOTONIC. */
  readonly since: bigint;
}

/** The rate of a clock that is held: a pause. */
export const HELD = -1n;

const SECOND = 1_000_000_000n;
/** ns; until a clock that is held reaches anything. */
const FOREVER = 1n << 62n;

/**
 * The most that an idle bucket saves up: 10 ms worth, in bytes, enough for a thread that wakes late. No window of a
 * second then allows more than 1 % over the limit, none of a quarter second more than 4 %, but for one piece.
 */
export function burst(rate: bigint): bigint {
  return rate > 0n ? rate / 100n : 0n;
}

/** Position of the clock at `now` (ns), rounded down. A `now` before the last change of rate counts as that moment. */
export function position(clock: ByteClock, now: bigint): bigint {
  if (clock.rate <= 0n || now <= clock.since) return clock.base;
  return clock.base + ((now - clock.since) * clock.rate) / SECOND;
}

/**
 * End of the stretch that a piece of n bytes gets when the stretches up to `claimed` are taken. What the clock ran
 * ahead while nobody wanted it is lost but for the burst.
 */
export function claim(clock: ByteClock, claimed: bigint, n: bigint, now: bigint): bigint {
  const saved = position(clock, now) - burst(clock.rate);
  return (claimed > saved ? claimed : saved) + n;
}

/**
 * Nanoseconds from `now` until the piece of n bytes whose stretch ends at `end` may move; rounded up, 0n when it may
 * move at once. It moves when its last byte is allowed; one larger than the burst as soon as the bucket is full, and
 * those after it wait for the rest. Bytes moved in any window of w seconds are thus at most
 * rate * w + max(burst, largest piece).
 */
export function delay(clock: ByteClock, end: bigint, n: bigint, now: bigint): bigint {
  if (clock.rate === 0n) return 0n;
  if (clock.rate < 0n) return FOREVER;
  const excess = n - burst(clock.rate);
  const missing = end - (excess > 0n ? excess : 0n) - clock.base;
  if (missing <= 0n) return 0n;
  const due = clock.since + (missing * SECOND + clock.rate - 1n) / clock.rate;
  return due > now ? due - now : 0n;
}

/**
 * The same clock running at another rate from `now` on. After a time without limit everything claimed so far is
 * forgiven, and the bucket is full.
 */
export function withRate(clock: ByteClock, rate: bigint, claimed: bigint, now: bigint): ByteClock {
  const base = clock.rate === 0n ? claimed + burst(rate) : position(clock, now);
  return { rate, base, since: now > clock.since ? now : clock.since };
}
