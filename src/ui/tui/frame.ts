/** A picture of the whole screen: for each row its pieces, each at a column of its own, from left to right. */
import type { Line } from './text.js';

export interface Piece {
  readonly x: number;
  readonly line: Line;
}

export type Frame = readonly (readonly Piece[])[];
