/** The frame of the main view: each panel in its place. Pure. */
import type { Frame, Piece } from './frame.js';
import { layout, type PanelName } from './layout.js';
import { backlog, errors, scan } from './panels/backlog.js';
import { keys, notes } from './panels/bottom.js';
import { curve } from './panels/curves.js';
import { active, recent } from './panels/files.js';
import { ring, share } from './panels/shares.js';
import { status } from './panels/status.js';
import type { Line } from './text.js';
import type { View } from './view.js';

/** At most `height` lines of at most `width` columns. */
export type Panel = (view: View, width: number, height: number) => Line[];

export const PANELS: Readonly<Record<PanelName, Panel>> = {
  status,
  backlog,
  scan,
  errors,
  read: curve('read'),
  write: curve('write'),
  readLonger: curve('read', 1),
  writeLonger: curve('write', 1),
  readLongest: curve('read', 2),
  writeLongest: curve('write', 2),
  source: share('source'),
  ring,
  dest: share('dest'),
  active,
  recent,
  notes,
  keys,
};

export function screenOf(view: View, columns: number, rows: number): Frame {
  const frame: Piece[][] = Array.from({ length: rows }, () => []);
  for (const { panel, x, y, width, height } of layout(columns, rows)) {
    PANELS[panel](view, width, height).forEach((line, row) => {
      frame[y + row]?.push({ x, line });
    });
  }
  return frame;
}
