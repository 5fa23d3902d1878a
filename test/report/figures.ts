/** Figures made from plain values. */
import { NO_TOTALS } from '../../src/ledger/rows.js';
import { AGE_BOUNDS_DAYS, SIZE_BOUNDS } from '../../src/ledger/statistics.js';
import type { Figures } from '../../src/report/figures.js';

/** Nothing was done yet; `part` tells what is different. */
export function figuresWith(part: Partial<Figures> = {}): Figures {
  const none = { files: 0, bytes: 0 };
  return {
    source: '/mnt/old',
    dest: '/mnt/new',
    madeMs: 0,
    ledger: '/ledger.db',
    state: { name: 'incomplete', text: 'Stopped before the end' },
    totals: NO_TOTALS,
    failedFolders: 0,
    keepsHistory: true,
    sessions: [],
    elapsedSeconds: 0,
    runSeconds: 0,
    meanRate: null,
    timeline: undefined,
    causes: [],
    failures: [],
    distribution: {
      sizes: Array(SIZE_BOUNDS.length + 1).fill(none),
      ages: Array(AGE_BOUNDS_DAYS.length + 1).fill(none),
      hashed: [],
      all: none,
    },
    slowest: [],
    merkleRoot: '00'.repeat(32),
    ...part,
  };
}

/** What a name can hold, on disk or in an error. */
export const HOSTILE = [
  '<script>pwned=1</script>',
  '"><img src=x onerror=pwned=1>',
  "' onmouseover='pwned=1",
  '</style></title><svg onload=pwned=1>',
  '&lt;b&gt;&#60;',
  'line\nbreak\tand\rreturn',
  'turned \u202Egpj.exe',
  'broken \udcff\udc80',
  'x'.repeat(255),
  '\u0000\u001b]0;title\u0007',
] as const;

/** A hostile name wherever there is a name. */
export function hostileFigures(madeMs: number): Figures {
  const [first] = HOSTILE;
  const error = (name: string) => `EIO: ${name}`;
  return figuresWith({
    source: `/mnt/${HOSTILE.join('')}`,
    dest: `/mnt/${first}`,
    ledger: `/${HOSTILE[1]}.db`,
    madeMs,
    failures: HOSTILE.map((path) => ({ path, kind: 'entry', error: error(path) })),
    causes: HOSTILE.map((name) => ({
      code: 'OTHER',
      count: 1,
      example: error(name),
      places: [{ folder: name, count: 1 }],
    })),
    slowest: HOSTILE.map((path) => ({ path, workMs: 1, files: 1, bytes: 1 })),
  });
}
