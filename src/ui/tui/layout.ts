/**
 * What goes where on a screen of any size. Pure. The screen is a stack of bands, each with one panel or a few side by
 * side: what is about the source is on the left, what is about the destination on the right. A table says in which order
 * bands get their rows, so that a small screen has what matters most.
 */

export type PanelName =
  | 'status'
  | 'backlog'
  | 'scan'
  | 'errors'
  /** Curves of one side. */
  | 'read'
  | 'write'
  /** The same over longer times. */
  | 'readLonger'
  | 'writeLonger'
  | 'readLongest'
  | 'writeLongest'
  | 'source'
  | 'ring'
  | 'dest'
  | 'active'
  | 'recent'
  | 'notes'
  | 'keys';

export interface Area {
  readonly panel: PanelName;
  /** From 0, in columns and rows. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

type BandName =
  | 'status'
  | 'backlog'
  | 'facts'
  | 'curves'
  | 'longer'
  | 'longest'
  | 'shares'
  | 'ring'
  | 'files'
  | 'recent'
  | 'notes'
  | 'keys';

/** From top to bottom; of panels side by side each with its part of the width. */
type Bands = readonly (readonly [BandName, readonly (readonly [PanelName, number])[]])[];
/** A height that a band is given, when there is room, after all the wishes before. */
type Wishes = readonly (readonly [BandName, number])[];

/** Columns between panels. */
const GAP = 2;
const WIDE = 120;

function band(name: BandName, ...panels: PanelName[]): Bands[number] {
  return [name, panels.map((panel) => [panel, 1])];
}

const HEAD: Bands = [band('status', 'status'), band('backlog', 'backlog')];
const CURVES: Bands = [
  band('curves', 'read', 'write'),
  band('longer', 'readLonger', 'writeLonger'),
  band('longest', 'readLongest', 'writeLongest'),
];

const NARROW_BANDS: Bands = [
  ...HEAD,
  band('facts', 'scan', 'errors'),
  ...CURVES,
  band('shares', 'source', 'dest'),
  band('ring', 'ring'),
  band('files', 'active'),
  band('recent', 'recent'),
  band('notes', 'notes'),
  band('keys', 'keys'),
];

const NARROW_WISHES: Wishes = [
  ['keys', 1],
  ['status', 1],
  ['backlog', 1],
  ['status', 2],
  ['curves', 3],
  ['ring', 1],
  ['backlog', 2],
  ['files', 2],
  ['facts', 1],
  ['shares', 2],
  ['notes', 1],
  // 15 rows so far.
  ['files', 3],
  ['recent', 2],
  ['shares', 3],
  ['curves', 6],
  ['recent', 3],
  ['files', 4],
  // 24 rows.
  ['files', 5],
  ['shares', 6],
  ['recent', 4],
  ['curves', 8],
  ['notes', 3],
  ['files', 9],
  ['recent', 9],
  ['longer', 7],
  ['curves', 10],
  ['longer', 10],
  ['longest', 10],
];

const WIDE_BANDS: Bands = [
  ...HEAD,
  ...CURVES,
  [
    'shares',
    [
      ['source', 3],
      ['ring', 2],
      ['dest', 3],
    ],
  ],
  band('files', 'active', 'recent'),
  [
    'facts',
    [
      ['scan', 3],
      ['errors', 2],
      ['notes', 3],
    ],
  ],
  band('keys', 'keys'),
];

const WIDE_WISHES: Wishes = [
  ['keys', 1],
  ['status', 2],
  ['backlog', 2],
  ['curves', 3],
  ['files', 3],
  ['shares', 3],
  ['facts', 2],
  ['files', 4],
  ['curves', 5],
  ['shares', 6],
  ['facts', 3],
  ['files', 6],
  ['curves', 7],
  ['facts', 4],
  ['shares', 7],
  ['files', 9],
  ['longer', 6],
  ['facts', 6],
  ['curves', 10],
  ['longer', 8],
  ['longest', 8],
  ['facts', 9],
];

/** Bands that make use of any number of rows, in turns. */
const GROWING = CURVES.map(([name]) => name);

/** The areas of a screen, which do not overlap and leave no row between bands. Both sizes are at least 1. */
export function layout(columns: number, rows: number): Area[] {
  const wide = columns >= WIDE;
  const heights = heightsOf(wide ? WIDE_WISHES : NARROW_WISHES, rows);
  const areas: Area[] = [];
  let y = 0;
  for (const [band, panels] of wide ? WIDE_BANDS : NARROW_BANDS) {
    const height = heights.get(band) ?? 0;
    if (height === 0) continue;
    const parts = panels.reduce((sum, [, part]) => sum + part, 0);
    let [x, before] = [0, 0];
    for (const [panel, part] of panels) {
      before += part;
      // Panels end at the same columns, however many there are before them.
      const end = Math.floor(((columns + GAP) * before) / parts) - GAP;
      if (end > x) areas.push({ panel, x, y, width: end - x, height });
      x = end + GAP;
    }
    y += height;
  }
  return areas;
}

function heightsOf(wishes: Wishes, rows: number): Map<BandName, number> {
  const heights = new Map<BandName, number>();
  let left = rows;
  const give = (band: BandName, height: number) => {
    const more = height - (heights.get(band) ?? 0);
    if (more <= 0 || more > left) return;
    heights.set(band, height);
    left -= more;
  };
  for (const [band, height] of wishes) give(band, height);
  const growing = GROWING.filter((band) => heights.has(band));
  for (let turn = 0; left > 0 && growing.length > 0; turn++) {
    const band = growing[turn % growing.length]!;
    give(band, heights.get(band)! + 1);
  }
  return heights;
}
