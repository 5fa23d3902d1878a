/** A snapshot as the text that Prometheus reads. A new registry for each scrape: all that is shown is in the snapshot. */
import { Counter, Gauge, type Histogram, Registry } from 'prom-client';
import { forecast } from '../stats/forecast.js';
import type { History } from '../stats/history.js';
import { idleSeconds } from '../stats/rates.js';
import type { Snapshot } from '../stats/snapshot.js';
import { BUCKETS, CALL_KINDS, distributionOf } from './calls.js';
import { FAMILIES, type Family, type Sample, type View } from './families.js';

export const CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

export async function exposition(snapshot: Snapshot, history: History): Promise<string> {
  const { nowMs } = snapshot;
  const view = { snapshot, forecast: forecast(snapshot, history), idle: idleSeconds(history, nowMs) };
  const registry = new Registry();
  for (const family of FAMILIES) register(family, view, registry);
  registry.registerMetric(callSeconds(snapshot.calls));
  return registry.metrics();
}

function register({ type, name, help, samples }: Family, view: View, registry: Registry): void {
  const known = samples(view).filter((sample): sample is [Sample[0], number] => sample[1] !== undefined);
  const [first] = known;
  if (first === undefined) return;
  const config = { name, help, labelNames: Object.keys(first[0]), registers: [registry] };
  if (type === 'counter') {
    const metric = new Counter(config);
    for (const [labels, value] of known) metric.inc(labels, value);
  } else {
    const metric = new Gauge(config);
    for (const [labels, value] of known) metric.set(labels, value);
  }
}

const CALL_SECONDS = {
  name: 'millrace_call_seconds',
  help:
    'How long calls on a share took in this session. The sum is an estimate, made of the middles of finer steps; ' +
    'a wait for a limit is not in it.',
  type: 'histogram',
  aggregator: 'sum',
};

/**
 * A histogram of counts that the lanes keep: prom-client's own class counts only what it is told one by one. This is the
 * part of one that a registry asks for.
 */
function callSeconds(calls: Snapshot['calls']): Histogram {
  const values = Object.entries(calls).flatMap(([side, counts]) =>
    Object.entries(CALL_KINDS).flatMap(([kind, codes]) => {
      const { cumulative, count, sum } = distributionOf(counts, codes);
      const sample = (suffix: string, value: number, le?: number | string) => {
        const labels = { side, kind, ...(le !== undefined && { le }) };
        return { metricName: `${CALL_SECONDS.name}_${suffix}`, labels, value };
      };
      return [
        ...cumulative.map((value, index) => sample('bucket', value, BUCKETS[index]!)),
        sample('bucket', count, '+Inf'),
        sample('sum', sum),
        sample('count', count),
      ];
    }),
  );
  return { name: CALL_SECONDS.name, get: async () => ({ ...CALL_SECONDS, values }) } as unknown as Histogram;
}
