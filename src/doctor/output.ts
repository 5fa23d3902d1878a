/** What a doctor says as it goes: lines for people, or JSON lines (docs/doctor.md). */
import type { Io } from '../cli/run.js';
import { formatCount } from '../stats/format.js';
import { cleanName, cleanText } from '../ui/clean.js';
import { wrapped } from '../ui/wrap.js';
import type { Check, Verdict } from './check.js';

export interface Outcome {
  readonly verdicts: Readonly<Record<Verdict, number>>;
  /** Paths that were told. */
  readonly paths: number;
  readonly exitCode: number;
}

export interface DoctorOutput {
  check(check: Check): void;
  /** A path beneath the source, and why the destination cannot have it. */
  path(path: string, why: string): void;
  end(outcome: Outcome): void;
}

/** Columns: of the whole text, and where what is said begins. */
const WIDTH = 80;
const NAME_WIDTH = 14;
const INDENT = ' '.repeat('pass  '.length + NAME_WIDTH + 2);

export class TextOutput implements DoctorOutput {
  constructor(private readonly io: Io) {}

  check({ name, verdict, says, advice }: Check): void {
    this.io.out(`${checkLines(name, verdict, says, advice).join('\n')}\n`);
  }

  path(path: string, why: string): void {
    this.io.out(`  ${cleanName(path === '' ? '.' : path)}: ${cleanText(why)}\n`);
  }

  end({ verdicts: { warn, fail } }: Outcome): void {
    const some = (count: number, what: string) => (count === 0 ? [] : [`${formatCount(count)} ${what}`]);
    const told = [...some(fail, 'failed'), ...some(warn, warn === 1 ? 'warning' : 'warnings')];
    this.io.out(`\n${told.length === 0 ? 'all is well' : told.join(', ')}\n`);
  }
}

export function checkLines(name: string, verdict: Verdict, says: string, advice: string | undefined): string[] {
  const room = WIDTH - INDENT.length;
  const lines = wrapped(cleanText(says), room).map((line) => INDENT + line);
  lines[0] = `${verdict}  ${name.padEnd(NAME_WIDTH)}  ${lines[0]!.slice(INDENT.length)}`;
  if (advice === undefined) return lines;
  const [first, ...rest] = wrapped(cleanText(advice), room - 3);
  return [...lines, `${INDENT}-> ${first}`, ...rest.map((line) => `${INDENT}   ${line}`)];
}

export class JsonOutput implements DoctorOutput {
  constructor(private readonly io: Io) {}

  check({ name, verdict, says, advice, facts }: Check): void {
    this.write({ type: 'check', name, verdict, says, advice: advice ?? null, facts });
  }

  path(path: string, why: string): void {
    this.write({ type: 'path', path: cleanName(path), why: cleanText(why) });
  }

  end({ verdicts: { pass, warn, fail }, paths, exitCode }: Outcome): void {
    this.write({ type: 'summary', passed: pass, warned: warn, failed: fail, paths, exitCode });
  }

  private write(line: object): void {
    this.io.out(`${JSON.stringify(line)}\n`);
  }
}
