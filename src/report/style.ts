/** The look of the page: light and dark by the reader's setting, from a phone's width up, and on paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #fff; --text: #1b2430; --soft: #5d6878; --rule: #e0e4ea; --gap: #eceef2;
  --main: #2463d6; --fill: #2463d626; --known: #8390a3; --limit: #c2680a; --good: #1a7f43; --warn: #a65f00; --bad: #c02a2a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --card: #171c23; --text: #e3e8ee; --soft: #97a3b3; --rule: #2a323d; --gap: #1f252e;
    --main: #6ba1ff; --fill: #6ba1ff2e; --known: #7d899a; --limit: #eda04a; --good: #55c37f; --warn: #e3a344; --bad: #f27b7b;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
}
main { max-width: 1180px; margin: 0 auto; padding: 28px 20px 40px; }
h1 { font-size: 24px; line-height: 1.25; margin: 2px 0 0; overflow-wrap: anywhere; }
h1 .arrow { color: var(--soft); font-weight: 400; }
h2 { font-size: 16px; margin: 0 0 12px; }
.kind { color: var(--soft); margin: 0; }
.head { display: flex; flex-wrap: wrap; gap: 10px 20px; align-items: flex-end; justify-content: space-between; }
.head > div { min-width: 0; }
.badge {
  margin: 0; padding: 5px 14px; border-radius: 99px; font-weight: 600; color: var(--tone);
  border: 1px solid var(--tone); background: var(--card);
}
.done { --tone: var(--good); } .running { --tone: var(--main); } .incomplete { --tone: var(--warn); } .failed { --tone: var(--bad); }
.stack { display: block; width: 100%; height: 10px; border-radius: 5px; margin: 18px 0; background: var(--rule); }
.stack .s { fill: var(--main); } .stack .f { fill: var(--bad); }
section, .tile { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; }
section { padding: 18px 20px; margin-top: 16px; min-width: 0; }
.tiles { display: grid; grid-template-columns: repeat(6, 1fr); gap: 12px; margin: 0; }
.tile { padding: 12px 14px; min-width: 0; }
.tile dt { color: var(--soft); font-size: 13px; }
.tile dd { margin: 0; }
.tile .big { font-size: 23px; font-weight: 650; line-height: 1.3; white-space: nowrap; }
.tile .sub { color: var(--soft); font-size: 13px; line-height: 1.35; }
.tile .bad { color: var(--bad); }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: 0 16px; }
.note { color: var(--soft); margin: 0; overflow-wrap: anywhere; }
p.note + p.note, .box + .note { margin-top: 8px; }

.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: -4px 0 14px; padding: 0; list-style: none; color: var(--soft); font-size: 13px; }
.legend li::before { content: ""; display: inline-block; width: 18px; height: 0; margin-right: 7px; vertical-align: middle; border-top: 3px solid var(--tone); }
.legend .main { --tone: var(--main); } .legend .known { --tone: var(--known); } .legend .limit { --tone: var(--limit); }
.legend li.known::before, .legend li.limit::before { border-top: 2px dashed var(--tone); }
.legend li.idle::before { height: 11px; border: 1px solid var(--rule); background: var(--gap); }
.chart { display: grid; grid-template-columns: 74px minmax(0, 1fr); padding-top: 6px; }
.chart svg { display: block; width: 100%; height: 230px; overflow: visible; }
.ys, .xs { position: relative; color: var(--soft); font-size: 12px; }
.ys span { position: absolute; right: 9px; transform: translateY(50%); white-space: nowrap; }
.xs { grid-column: 2; height: 22px; }
.xs span { position: absolute; top: 5px; transform: translateX(-50%); white-space: nowrap; }
.chart path { fill: none; vector-effect: non-scaling-stroke; }
.chart .grid { stroke: var(--rule); stroke-width: 1; }
.chart .idle { fill: var(--gap); }
.chart .main { stroke: var(--main); stroke-width: 2; stroke-linejoin: round; }
.chart .fill { fill: var(--fill); }
.chart .known { stroke: var(--known); stroke-width: 1.5; stroke-dasharray: 5 4; }
.chart .limit { stroke: var(--limit); stroke-width: 1.5; stroke-dasharray: 5 3; }
.chart .hover { fill: var(--text); opacity: 0; }
.chart .hover:hover { opacity: .1; }

.box { overflow-x: auto; max-width: 100%; position: relative; }
.box.long { max-height: 340px; overflow-y: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 6px 14px 6px 0; border-bottom: 1px solid var(--rule); }
tr > :last-child { padding-right: 0; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--soft); font-weight: 500; font-size: 13px; white-space: nowrap; }
.long thead th { position: sticky; top: 0; background: var(--card); }
tbody th { font-weight: 400; white-space: nowrap; }
.n { text-align: right; white-space: nowrap; }
.nowrap { white-space: nowrap; }
.path { font: 13px/1.5 ui-monospace, "SFMono-Regular", Menlo, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; min-width: 160px; }
.words { min-width: 150px; }
.code { color: var(--bad); font-weight: 600; }
.histogram td { width: 38%; }
.measure { width: 26%; min-width: 90px; }
.bar { display: block; width: 100%; height: 6px; margin-top: 2px; fill: var(--main); background: var(--gap); border-radius: 3px; }
.bar.red { fill: var(--bad); }
ul.places { margin: 0; padding: 0; list-style: none; }
footer { color: var(--soft); font-size: 13px; margin-top: 20px; overflow-wrap: anywhere; }
footer dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 14px; margin: 0; }
footer dd { margin: 0; }

@media (max-width: 1000px) { .tiles { grid-template-columns: repeat(3, 1fr); } }
@media (max-width: 760px) {
  main { padding: 18px 12px 28px; }
  h1 { font-size: 20px; }
  section { padding: 14px; }
  .tiles { grid-template-columns: 1fr 1fr; gap: 10px; }
  .tile .big { font-size: 20px; }
  .pair { grid-template-columns: minmax(0, 1fr); }
  .chart { grid-template-columns: 64px minmax(0, 1fr); }
  .chart svg { height: 190px; }
  .xs span:nth-child(even) { display: none; }
  th, td { padding-right: 10px; }
  .words { min-width: 110px; }
  .end { min-width: 260px; }
  .path { min-width: 120px; }
  .measure { min-width: 70px; }
}
@media print {
  :root { color-scheme: light; --page: #fff; --card: #fff; --text: #000; --soft: #444; --rule: #ccc; --gap: #eee; --main: #2463d6; --fill: #2463d626; --known: #777; --limit: #c2680a; --good: #1a7f43; --warn: #a65f00; --bad: #c02a2a; }
  body { font-size: 11px; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main { max-width: none; padding: 0; }
  section, .tile { break-inside: avoid; }
  section.listing { break-inside: auto; }
  .box, .box.long { overflow: visible; max-height: none; }
  .tiles { grid-template-columns: repeat(3, 1fr); }
  th, td { padding: 3px 8px 3px 0; }
  thead th { font-size: 10px; }
  .words, .end { min-width: 90px; }
  .path { font-size: 10px; }
}
`;
