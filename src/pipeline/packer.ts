import { nameBytes } from '../posix/names.js';
import { NOTHING, type RecordFields, Records, recordLength } from './record.js';
import { ANY_WRITER, type Ring, type Slot } from './ring.js';

/** A pack younger than this is not handed over early: filling it costs less than an extra hand-off. */
const EARLY_AFTER_MS = 1;

/** A slot's memory seen as records; one for each slot and lane, made when first used. */
export class SlotRecords {
  private readonly made: Records[] = [];
  constructor(private readonly ring: Ring) {}
  of(slot: Slot): Records {
    this.made[slot.index] ??= new Records(this.ring.shape.memory, slot.byteOffset, slot.length);
    return this.made[slot.index]!;
  }
}

/** Collects the records of small entries in a pack slot and hands it over when it is full or a writer has nothing to do. */
export class Packer {
  private slot: Slot | undefined;
  private used = 0;
  private begunMs = 0;
  private lastDir = '';
  private lastDirBytes: Uint8Array = Buffer.alloc(0);

  constructor(
    private readonly ring: Ring,
    private readonly records: SlotRecords,
  ) {}

  /**
   * Room for the data of one entry: its path is written, `data` is where `bytes` of data go. Undefined once the run
   * is to stop. What is not committed is forgotten.
   */
  reserve(
    dir: string,
    name: string,
    bytes: number,
    xattrs: Uint8Array = NOTHING,
  ): { data: Uint8Array; commit(fields: RecordFields, used: number): void } | undefined {
    if (dir !== this.lastDir) {
      this.lastDir = dir;
      this.lastDirBytes = nameBytes(dir);
    }
    const nameInBytes = nameBytes(name);
    const need = recordLength(this.lastDirBytes.length + nameInBytes.length + xattrs.length, bytes);
    if (this.slot && this.used + need > this.slot.length) this.handOver();
    if (!this.slot) {
      this.slot = this.ring.acquire('pack');
      if (!this.slot) return undefined;
      this.used = 0;
      this.begunMs = performance.now();
    }
    const records = this.records.of(this.slot);
    const at = this.used;
    const dataAt = records.putPath(at, this.lastDirBytes, nameInBytes, xattrs);
    return {
      data: records.bytes.subarray(dataAt, dataAt + bytes),
      commit: (fields, used) => {
        this.used = records.putFields(at, fields, used);
        if (this.ring.writersStarve && performance.now() - this.begunMs >= EARLY_AFTER_MS) this.handOver();
      },
    };
  }

  /** Hands over what there is; called before the lane waits for anything else. */
  handOver(): void {
    if (!this.slot) return;
    if (this.used === 0) this.ring.discard(this.slot);
    else this.ring.handOver(this.slot, this.used, ANY_WRITER);
    this.slot = undefined;
  }
}
