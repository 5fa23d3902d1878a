import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exposition } from '../../src/metrics/exposition.js';
import { History } from '../../src/stats/history.js';
import { snapshot } from '../stats/snapshots.js';
import { parseExposition } from './parse.js';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource: unknown;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string; readonly datasource: unknown }[];
}

const dashboard = JSON.parse(readFileSync(new URL('../../docs/grafana.json', import.meta.url), 'utf8'));
const panels: readonly Panel[] = dashboard.panels;
const targets = panels.flatMap((panel) => panel.targets);

/** The labels of each sample there is when all is known, by its name. */
async function everySample(): Promise<Map<string, Set<string>>> {
  const picture = snapshot({
    phase: 'finished',
    errors: { EIO: 1 },
    bwlimit: { read: 1, write: 1 },
    guards: { read: 1, write: 1 },
  });
  const labels = new Map<string, Set<string>>();
  for (const { samples } of parseExposition(await exposition(picture, new History())).values())
    for (const sample of samples) labels.set(sample.name, new Set(Object.keys(sample.labels)));
  return labels;
}

test('asks for nothing but what a run shows, of the chosen run', async () => {
  const known = await everySample();
  expect(targets.length).toBeGreaterThan(20);
  for (const { expr, legendFormat } of targets) {
    const names = expr.match(/millrace_\w+/g) ?? [];
    expect(names, expr).not.toEqual([]);
    for (const name of names) expect([...known.keys()], expr).toContain(name);
    const instances = expr.match(/\{instance=~"\$instance"/g) ?? [];
    expect(instances.length, expr).toBe(names.length);
    for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
      expect(known.get(names[0]!)!.has(label!), `${label} of ${expr}`).toBe(true);
  }
});

test.each([
  ['throughput and limit', ['millrace_written_bytes_total', 'millrace_limit_bytes_per_second']],
  ['backlog and its end', ['millrace_backlog_bytes', 'millrace_eta_seconds', 'millrace_eta_plus_minus_seconds']],
  ['files, errors, calls', ['millrace_files_total', 'millrace_errors_total', 'millrace_call_seconds_bucket']],
  ['ring, waits, troubles', ['millrace_ring_slots_used', 'millrace_ring_wait_ratio', 'millrace_share_trouble']],
])('shows %s', (_, names) => {
  for (const name of names)
    expect(
      targets.some(({ expr }) => expr.includes(`${name}{`)),
      name,
    ).toBe(true);
});

test('takes its data source from a variable, and no panel lies on another', () => {
  expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(38);
  const [datasource] = dashboard.templating.list;
  expect(datasource).toMatchObject({ type: 'datasource', name: 'datasource', query: 'prometheus' });
  for (const { datasource } of [...panels, ...targets])
    expect(datasource).toEqual({ type: 'prometheus', uid: '$' + '{datasource}' });
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(24);
    return Array.from({ length: w * h }, (_, at) => `${x + (at % w)},${y + Math.floor(at / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});
