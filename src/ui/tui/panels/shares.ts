/** The two shares with their lanes and how long their calls take, and the ring between them: who waits for whom. */
import type { Side } from '../../../share/share.js';
import { formatPercent, formatShortCount } from '../../../stats/format.js';
import { cleanName, truncateMiddle } from '../../clean.js';
import { BOTTLENECKS } from '../../words.js';
import { type Latency, latenciesOf } from '../calllog.js';
import { bar, cut, heading, joined, type Line, span, spread } from '../text.js';
import type { View } from '../view.js';
import { clip, shortMs } from '../words.js';

/** A part that is worth a colour. */
const TELLING = 0.5;

function counted(count: number, one: string): string {
  return `${formatShortCount(count)} ${one}${count === 1 ? '' : 's'}`;
}

export function share(side: Side) {
  return (view: View, width: number, height: number): Line[] => {
    const { snapshot } = view;
    const { lanes, migration, flow } = snapshot;
    const away = snapshot.troubles.some((trouble) => trouble.side === side);
    const name = side === 'source' ? 'source ' : 'destination ';
    const root = truncateMiddle(cleanName(migration[side]), Math.max(0, width - 5 - name.length - (away ? 7 : 0)));
    const title = [span(name, 'bold'), span(root, 'dim'), ...(away ? [span(' AWAY', 'alarm')] : [])];
    const held = flow.limited[side];
    const crew = joined(
      [
        [span(side === 'source' ? counted(lanes.readers, 'reader') : counted(lanes.writers, 'writer'))],
        held >= 0.01 ? [span(`held back ${formatPercent(held)}`, held >= TELLING ? 'warn' : 'plain')] : [],
      ],
      width,
      ', ',
    );
    const latencies = latenciesOf(snapshot, side, view.callsBefore);
    const cells = joined(latencies.filter(({ half }) => half !== undefined).map(cell), width);
    if (height < latencies.length + 2) {
      const body = height === 2 ? [cells.length > 0 ? cells : crew] : [crew, cells];
      return clip([heading(title, width), ...body], height);
    }
    const columns = width >= 44 ? `${'half'.padStart(9)}${'9 of 10'.padStart(10)}${'per s'.padStart(8)}` : '';
    const rows = latencies.map((latency) => spread([span(latency.name)], row(latency), width));
    const table = width >= 44 ? rows : [cells];
    return clip([heading(title, width), spread(crew, [span(columns, 'dim')], width), ...table], height).map((line) =>
      cut(line, width),
    );
  };
}

/** `read 8.0/20 ms`: what half of the calls, and nine in ten, did not exceed. */
function cell({ name, half, most }: Latency): Line {
  return [span(`${name} `, 'dim'), span(`${shortMs(half)}/${shortMs(most)}`), span(' ms', 'dim')];
}

function row({ half, most, perSecond }: Latency): Line {
  const calls = perSecond === undefined ? '-' : perSecond < 9.95 ? perSecond.toFixed(1) : formatShortCount(perSecond);
  const ms = (value: number | undefined) => (value === undefined ? '-' : `${shortMs(value)} ms`);
  return [span(ms(half).padStart(9)), span(ms(most).padStart(10)), span(calls.padStart(8), 'dim')];
}

export function ring(view: View, width: number, height: number): Line[] {
  const { flow } = view.snapshot;
  const why = view.bottleneck === undefined ? [] : [span(BOTTLENECKS[view.bottleneck], 'warn')];
  const waits = [
    ['readers wait for room', 'readers wait', flow.readersWait],
    ['writers wait for data', 'writers wait', flow.writersWait],
  ] as const;
  const look = (part: number) => (part >= TELLING ? 'warn' : 'plain');
  if (height === 1) {
    const { used, slots } = flow.blocks;
    return [
      joined(
        [
          [span('ring ', 'dim'), ...bar(slots > 0 ? used / slots : 0, 10, 'read'), span(` ${used}/${slots}`)],
          ...waits.map(([, short, part]): Line => [span(`${short} ${formatPercent(part)}`, look(part))]),
          [span(`packs ${flow.packs.used}/${flow.packs.slots}`, 'dim')],
          why,
        ],
        width,
      ),
    ];
  }
  const slots = (['blocks', 'packs'] as const).map((kind): Line => {
    const { used, slots: all } = flow[kind];
    const counts = ` ${used}/${all}`;
    const room = width - 7 - counts.length;
    return room >= 4
      ? [span(`${kind.padEnd(7)}`), ...bar(all > 0 ? used / all : 0, room, 'read'), span(counts)]
      : cut([span(kind), span(counts)], width);
  });
  const waiting = waits.map(([long, , part]) => spread([span(long)], [span(formatPercent(part), look(part))], width));
  const title = why.length > 0 ? [span('ring ', 'bold'), ...why] : [span('ring', 'bold')];
  return clip([heading(title, width), ...slots, ...waiting], height);
}
