/**
 * Plays a made-up migration on the full screen: to look at, and to measure what the screen costs.
 *
 *     node dist/bench/tui.js [--trouble] [--seconds N]
 *
 * With --seconds it ends by itself and says how much processor time a second took.
 */
import { parseTimetable } from '../src/cli/timetable.js';
import { CALLS, Call, STEPS, stepOf } from '../src/pace/latency.js';
import { type Change, limitsAt, nextChange, type Timetable } from '../src/pace/timetable.js';
import { History, type Sample, tightest } from '../src/stats/history.js';
import type { ActiveFile, FinishedFile, Snapshot } from '../src/stats/snapshot.js';
import type { Operator } from '../src/ui/operator.js';
import { FullScreen } from '../src/ui/tui/fullscreen.js';

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
const TIB = 1024 ** 4;
const DAY_MS = 86_400_000;

const NAMES = [
  'projects/2019/survey north/raw/scan_00412.tif',
  'メディア/2021年/第三回 総会の記録.mov',
  'home/ann/photos/summer 🏖️ 2018/IMG_2231 👨‍👩‍👧.CR2',
  'archive/mail/backup-2016-03.pst',
  'vm/images/build-server-old.qcow2',
  'видео/интервью/часть 2 (черновик).mp4',
  'research/genome/run17/lane3/reads_R1.fastq.gz',
  '设计/效果图/大厅 – 最终版 ✅.psd',
  'finance/2020/Q4/Übersicht – Größen.xlsx',
  'home/bob/music/Sigur Rós/( )/01 Vaka.flac',
  'broken\u001b[2Jname/with\nnewline.txt',
  'scans/boxes/0001/0001-0440.pdf',
] as const;

/** A run that moves as time passes. Its figures come from one sequence of random numbers, the same each time. */
class Player implements Operator {
  readonly history = new History();
  private readonly beganMs = Date.now() - 5.3 * DAY_MS;
  private seenMs = Date.now() - DAY_MS;
  private seed = 1;
  private read = 31 * TIB;
  private files = 412_000;
  private failed = 214;
  private paused = false;
  private timetable: Timetable = parseTimetable('mon-fri 08:00-18:00 60M, 120M');
  private active: ActiveFile[] = [];
  private recent: FinishedFile[] = [];
  private readonly calls = {
    source: CALLS.map(() => new Array<number>(STEPS).fill(0)),
    dest: CALLS.map(() => new Array<number>(STEPS).fill(0)),
  };
  private pull = 0;
  private next: { table: Timetable; untilMs: number; change: Change | undefined } | undefined;

  constructor(private readonly inTrouble: boolean) {
    const now = Date.now();
    while (this.seenMs < now - 120_000) this.move(this.seenMs + 15_000);
    while (this.seenMs + 1000 <= now) this.move(this.seenMs + 1000);
  }

  private random(): number {
    this.seed = (this.seed * 1103515245 + 12345) % 2 ** 31;
    return this.seed / 2 ** 31;
  }

  /** Lets the time pass up to `nowMs`. */
  private move(nowMs: number): void {
    const seconds = Math.max(0, nowMs - this.seenMs) / 1000;
    this.seenMs = nowMs;
    const limit = tightest(limitsAt(this.timetable, new Date(nowMs)));
    const wave = 96 + 14 * Math.sin(nowMs / 900_000) + 10 * Math.sin(nowMs / 7000) + 12 * (this.random() - 0.5);
    const dip = Math.sin(nowMs / 5_000_000) > 0.96 ? 0.35 : 1;
    const rate = this.paused || this.inTrouble ? 0 : Math.min(limit || Number.POSITIVE_INFINITY, wave * dip * MIB);
    this.read += rate * seconds;
    this.files += Math.round((rate / MIB) * seconds * 0.05);
    this.history.add(this.sample(nowMs, limit));
    if (rate > 0) this.work(seconds, rate);
  }

  private sample(ms: number, limit: number): Sample {
    return { ms, readBytes: this.read, writtenBytes: this.read - 60 * MIB, doneFiles: this.files + this.failed, limit };
  }

  private work(seconds: number, rate: number): void {
    const nowMs = this.seenMs;
    this.active = this.active.map((file) => ({ ...file, done: file.done + (rate * seconds) / this.active.length }));
    for (const file of this.active.filter(({ size, done }) => done >= size)) {
      const isBroken = this.random() < 0.1;
      this.recent.unshift({
        path: file.path,
        size: isBroken ? 0 : file.size,
        endedMs: nowMs,
        tookMs: isBroken ? undefined : nowMs - file.startedMs,
        error: isBroken ? 'EACCES: permission denied (open)' : undefined,
      });
    }
    this.recent = this.recent.slice(0, 8);
    this.active = this.active.filter(({ size, done }) => done < size);
    while (this.active.length < 6) {
      const path = `${NAMES[Math.floor(this.random() * NAMES.length)]!}`;
      const size = Math.floor(this.random() ** 5 * 80 * GIB + 40 * MIB);
      this.active.push({ path, size, done: 0, startedMs: nowMs });
    }
    this.active.sort((a, b) => b.size - a.size);
    const count = (side: 'source' | 'dest', kind: Call, ms: number, calls: number) => {
      for (let i = 0; i < calls; i++) {
        const step = stepOf(ms * Math.exp((this.random() + this.random() + this.random() - 1.5) * 1.4));
        this.calls[side][kind]![step]! += 1;
      }
    };
    count('source', Call.open, 2.1, 6);
    count('source', Call.move, 41, 19);
    count('source', Call.list, 3.4, 3);
    count('dest', Call.open, 3.8, 6);
    count('dest', Call.move, 18, 19);
    count('dest', Call.publish, 6.5, 6);
  }

  readonly snapshot = (): Snapshot => {
    const nowMs = Date.now();
    this.move(nowMs);
    this.pull++;
    const bwlimit = limitsAt(this.timetable, new Date(nowMs));
    const all = { files: 4_412_907, bytes: 112.4 * TIB };
    const synced = { files: 1_204_331 + this.files, bytes: 12 * TIB + this.read };
    const stopped = this.paused || this.inTrouble;
    return {
      migration: {
        source: '/mnt/old',
        dest: '/mnt/new',
        session: 3,
        begunMs: this.beganMs - 6 * DAY_MS,
      },
      nowMs,
      startedMs: this.beganMs,
      phase: 'transfer',
      resumed: true,
      dryRun: false,
      stopping: 'no',
      scan: {
        done: false,
        dirs: 312_040 + this.pull * 4,
        files: 4_412_907,
        bytes: 112.4 * TIB,
        errors: 2,
        excluded: 0,
      },
      readBytes: this.read,
      writtenBytes: this.read - 60 * MIB,
      session: {
        copied: { files: this.files, bytes: this.read },
        same: { files: 18_204, bytes: TIB },
        stamped: 0,
        linked: 0,
        deleted: 0,
        warned: 0,
        failed: this.failed,
      },
      total: {
        synced,
        pending: {
          files: all.files - synced.files - this.failed,
          bytes: Math.max(0, all.bytes - synced.bytes - 3 * GIB),
        },
        failed: { files: this.failed, bytes: 3 * GIB },
        skipped: 17,
      },
      lanes: { readers: 6, writers: 4, scanners: 2 },
      flow: {
        blocks: { used: stopped ? 20 : Math.floor(this.random() * 5), slots: 20 },
        packs: { used: stopped ? 40 : Math.floor(this.random() * 12), slots: 72 },
        readersWait: stopped ? 1 : 0.04,
        writersWait: stopped ? 0 : 0.72,
        limited: { source: 0.12, dest: 0.02 },
      },
      calls: { source: this.calls.source.map((one) => [...one]), dest: this.calls.dest.map((one) => [...one]) },
      errors: { EACCES: 201, CHANGED: 9, EIO: 4 },
      recent: this.recent,
      bwlimit,
      timetable: this.timetable,
      guards: { read: 0, write: 0 },
      paused: this.paused,
      nextLimit: this.nextLimit(nowMs),
      troubles: this.inTrouble
        ? [{ side: 'dest', why: 'no space left (ENOSPC)', sinceMs: this.beganMs + 5.299 * DAY_MS }]
        : [],
      stalls: [],
      active: this.active,
    };
  };

  /** Looked for once a minute: it takes a while, and the pacer does it at changes alone. */
  private nextLimit(nowMs: number): Change | undefined {
    if (!this.next || this.next.table !== this.timetable || nowMs > this.next.untilMs)
      this.next = {
        table: this.timetable,
        untilMs: nowMs + 60_000,
        change: nextChange(this.timetable, new Date(nowMs)),
      };
    return this.next.change;
  }

  async pause(): Promise<string> {
    this.paused = true;
    return 'paused: nothing moves';
  }

  async resume(): Promise<string> {
    this.paused = false;
    return 'going on';
  }

  async drain(): Promise<string> {
    return 'it only plays';
  }

  async stop(): Promise<string> {
    return 'it only plays';
  }

  async limit(rate: string): Promise<string> {
    this.timetable = parseTimetable(rate);
    return `the limit is ${rate}`;
  }

  async lanes(): Promise<string> {
    return 'it only plays';
  }

  async retryFailed(): Promise<string> {
    const count = this.failed;
    this.failed = 0;
    return `${count} entries are tried again`;
  }

  async failures(after: { readonly dir: number } | undefined, limit: number) {
    const first = after ? after.dir + 1 : 0;
    const count = Math.max(0, Math.min(limit, this.failed - first));
    const failures = Array.from({ length: count }, (_, i) => ({
      path: NAMES[(first + i) % NAMES.length]!.replace(/(\.\w+)$/, `-${first + i}$1`),
      error: 'EACCES: permission denied (open)',
    }));
    const last = first + count - 1;
    return { failures, next: last + 1 < this.failed ? { dir: last, name: '' } : undefined };
  }
}

const args = process.argv.slice(2);
const seconds = Number(args[args.indexOf('--seconds') + 1]);
const player = new Player(args.includes('--trouble'));
const source = { pull: player.snapshot, operator: player, leave };
const io = { out: (text: string) => process.stdout.write(text), isTTY: true, columns: () => process.stdout.columns };
const begun = { ms: performance.now(), cpu: process.cpuUsage() };
const alive = setInterval(() => {}, 1000);

function leave(): void {
  clearInterval(alive);
  screen.stop();
  if (!args.includes('--seconds')) return;
  const { user, system } = process.cpuUsage(begun.cpu);
  const percent = (user + system) / 10 / (performance.now() - begun.ms);
  io.out(`${process.stdout.columns}x${process.stdout.rows}: ${percent.toFixed(2)} % of a core\n`);
}

const screen = new FullScreen(source, io, player.history);
screen.start();
screen.note('resuming 3,208,576 files, 80.4 TiB; the scan goes on where it was');
if (args.includes('--seconds')) setTimeout(leave, seconds * 1000);
