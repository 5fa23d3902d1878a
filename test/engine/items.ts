/** Items made from plain values. */

import { type DirRef, type Item, newItem } from '../../src/engine/item.js';
import type { RecordFields } from '../../src/pipeline/record.js';
import { Action } from '../../src/pipeline/record.js';
import type { Meta } from '../../src/share/entries.js';
import { classOf, type Failure, failure } from '../../src/share/failure.js';
import { metaWith } from '../helpers/entries.js';
import { FIELDS } from '../pipeline/arbitrary.js';

export function dirRef(id: number, path = `dir ${id}`): DirRef {
  return { id, path };
}

export interface ItemPart {
  readonly action?: Action;
  readonly meta?: Partial<Meta>;
  readonly saved?: Item['saved'];
}

/** A new file of 1 byte, or what `part` says. */
export function itemIn(dir: DirRef, name: string, part: ItemPart = {}): Item {
  return newItem(dir, name, part.action ?? Action.copy, metaWith(part.meta), part.saved);
}

/** What a writer would report of the item when all went well. */
export function resultOf(item: Item, part: Partial<RecordFields> = {}): RecordFields {
  const hash = item.action === Action.copy ? Buffer.alloc(16, 0xab) : undefined;
  return { ...FIELDS, ...item.meta, action: item.action, startedMs: 1000, endedMs: 1500, hash, ...part };
}

export function failureWith(code: string, path = 'path'): Failure {
  if (classOf(code) === undefined) throw new Error(code);
  return failure(code, 'open', path);
}
