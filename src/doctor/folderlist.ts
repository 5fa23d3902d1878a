/** The folders that a walk has still to list: the last found first, few in memory, the others in a temporary table. */
import { type Db, prepare } from '../ledger/sqlite.js';
import { fromColumn, toColumn } from '../posix/names.js';
import { IN_MEMORY, temporaryTable } from '../scan/largest.js';

export class FolderList {
  private readonly near: string[] = [];
  private far: Db | undefined;
  private farCount = 0;

  push(path: string): void {
    if (this.near.length < IN_MEMORY) {
      this.near.push(path);
      return;
    }
    this.far ??= temporaryTable('folders (number INTEGER PRIMARY KEY, path)');
    prepare(this.far, 'INSERT INTO folders VALUES (?, ?)').run(++this.farCount, toColumn(path));
  }

  pop(): string | undefined {
    const near = this.near.pop();
    if (near !== undefined || this.farCount === 0) return near;
    const path = prepare(this.far!, 'DELETE FROM folders WHERE number = ? RETURNING path')
      .pluck()
      .get(this.farCount--);
    return fromColumn(path as string | Buffer);
  }

  close(): void {
    this.far?.close();
  }
}
