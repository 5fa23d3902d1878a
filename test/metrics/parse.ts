/**
 * A strict reader of the Prometheus text format 0.0.4: every line must be well formed, HELP and TYPE come once for each
 * family and before its samples, no sample comes twice, and a histogram must add up.
 */
import { expect } from 'vitest';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: Sample[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\n"])*"';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (-?[0-9][0-9.e+-]*|[+-]Inf)$`);
const META = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`);

export function parseExposition(text: string): Map<string, Family> {
  expect(text.endsWith('\n')).toBe(true);
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let [current, help] = ['', ''];
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, word, of, rest] = META.exec(line) ?? [];
    if (word === 'HELP') {
      expect(families.has(of!), line).toBe(false);
      [current, help] = [of!, rest!];
      continue;
    }
    if (word === 'TYPE') {
      expect(of, line).toBe(current);
      expect(['counter', 'gauge', 'histogram'], line).toContain(rest);
      families.set(of!, { help, type: rest!, samples: [] });
      continue;
    }
    const [, name, labelled = '', number] = SAMPLE.exec(line) ?? [];
    if (name === undefined) throw new Error(`not a line of the format: ${line}`);
    const family = families.get(current);
    const suffix = family?.type === 'histogram' ? /^_(bucket|sum|count)$/ : /^$/;
    expect(name.startsWith(current) && suffix.test(name.slice(current.length)), line).toBe(true);
    const labels = labelsOf(labelled);
    const key = `${name}${JSON.stringify(Object.entries(labels).sort())}`;
    expect(seen.has(key), `twice: ${line}`).toBe(false);
    seen.add(key);
    const value = number!.endsWith('Inf') ? Number(`${number}inity`) : Number(number);
    expect(Number.isNaN(value), line).toBe(false);
    family!.samples.push({ name, labels, value });
  }
  for (const [name, { type, samples }] of families) {
    expect(samples, name).not.toEqual([]);
    if (type === 'counter') {
      expect(name).toMatch(/_total$/);
      for (const { value } of samples) expect(value, name).toBeGreaterThanOrEqual(0);
    }
    if (type === 'histogram') checkHistogram(name, samples);
  }
  return families;
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/([a-zA-Z0-9_]+)="((?:[^"\\]|\\.)*)"/g)) {
    expect(labels).not.toHaveProperty(name!);
    labels[name!] = value!.replace(/\\(.)/g, (_, letter) => (letter === 'n' ? '\n' : letter));
  }
  return labels;
}

/** Buckets of each series grow with `le`, in ascending order, and the last one is +Inf and the count. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const series = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    series.set(key, [...(series.get(key) ?? []), sample]);
  }
  for (const [key, all] of series) {
    const buckets = all.filter((sample) => sample.name === `${name}_bucket`);
    const bounds = buckets.map(({ labels }) => Number(labels.le!.replace('+Inf', 'Infinity')));
    expect(bounds, key).toEqual([...new Set(bounds)].sort((a, b) => a - b));
    expect(bounds.at(-1)).toBe(Number.POSITIVE_INFINITY);
    const counts = buckets.map(({ value }) => value);
    expect(counts, key).toEqual([...counts].sort((a, b) => a - b));
    const of = (suffix: string) => all.filter((sample) => sample.name === `${name}_${suffix}`);
    expect(of('count'), key).toEqual([expect.objectContaining({ value: counts.at(-1) })]);
    expect(of('sum'), key).toHaveLength(1);
  }
}

/** The value of the one sample of `name` that has all of `labels`. */
export function reading(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const samples = [...families.values()].flatMap((family) => family.samples);
  const found = samples.filter(
    (sample) => sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  expect(found.length, name).toBeLessThanOrEqual(1);
  return found[0]?.value;
}
