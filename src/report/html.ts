/** A report as one HTML page that needs no network and no script, and that no name in it can give one. */

import { type AGE_BOUNDS_DAYS, SIZE_BOUNDS } from '../ledger/statistics.js';
import { MEANINGS } from '../share/failure.js';
import { formatBytes, formatCount, formatCounted, formatDuration, formatPercent, formatRate } from '../stats/format.js';
import type { Tally } from '../stats/snapshot.js';
import { cleanName, cleanText } from '../ui/clean.js';
import { bar, stack } from './chart.js';
import type { Figures, SessionFigures } from './figures.js';
import { progressChart, throughputChart } from './graphs.js';
import { html, Markup } from './markup.js';
import { STYLE } from './style.js';
import { stamp } from './ticks.js';

const NOTHING = html``;

export function htmlOf(figures: Figures): string {
  const { timeline } = figures;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>millrace report: ${cleanName(figures.source)} → ${cleanName(figures.dest)}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
${header(figures)}
${timeline ? [progressChart(timeline), throughputChart(timeline)] : noHistory(figures)}
${figures.sessions.length > 0 ? sessions(figures.sessions) : NOTHING}
${failures(figures)}
<div class="pair">
${histogram('Sizes', 'Size', figures.distribution.sizes, sizeLabel)}
${histogram('Ages, by the last change of contents', 'Age', figures.distribution.ages, ageLabel)}
</div>
${slowest(figures)}
${footer(figures)}
</main>
</body>
</html>
`.text;
}

function header(figures: Figures): Markup {
  const { totals, state, sessions: all } = figures;
  const known = totals.syncedBytes + totals.pendingBytes + totals.failedBytes;
  const knownFiles = totals.syncedFiles + totals.pendingFiles + totals.failedFiles;
  const part = (bytes: number) => (known > 0 ? bytes / known : 0);
  const synced = formatPercent(known > 0 ? totals.syncedBytes / known : 1, 1).replace('.0', '');
  const failed = totals.failedFiles + figures.failedFolders;
  const begun = all[0] ? `since ${stamp(all[0].begunMs)}` : 'not recorded';
  return html`<header>
<div class="head">
<div><p class="kind">millrace migration report</p>
<h1>${cleanName(figures.source)} <span class="arrow">→</span> ${cleanName(figures.dest)}</h1></div>
<p class="badge ${state.name}">${state.text}</p>
</div>
${stack(
  [
    { part: part(totals.syncedBytes), className: 's' },
    { part: part(totals.failedBytes), className: 'f' },
  ],
  `${synced} of the data is synced`,
)}
<dl class="tiles">
${tile('Data synced', formatBytes(totals.syncedBytes), `${synced} of ${formatBytes(known)}`)}
${tile('Files synced', formatCount(totals.syncedFiles), `of ${formatCount(knownFiles)}`)}
${tile('Left to do', formatBytes(totals.pendingBytes), formatCounted(totals.pendingFiles, 'file'))}
${tile('Failed', formatCount(failed), failedParts(figures), failed > 0)}
${tile('Time so far', all.length > 0 ? duration(figures.elapsedSeconds) : '-', begun)}
${tile('Mean rate', formatRate(figures.meanRate), all.length > 0 ? `while running: ${duration(figures.runSeconds)} in ${formatCounted(all.length, 'session')}` : 'not recorded')}
</dl>
</header>`;
}

function tile(label: string, value: string, sub: string, isBad = false): Markup {
  return html`<div class="tile"><dt>${label}</dt><dd class="big${isBad ? ' bad' : ''}">${value}</dd><dd class="sub">${sub}</dd></div>`;
}

function failedParts({ totals, failedFolders }: Figures): string {
  const folders = failedFolders > 0 ? [formatCounted(failedFolders, 'folder')] : [];
  const files = totals.failedFiles > 0 ? [formatBytes(totals.failedBytes)] : [];
  return [...files, ...folders].join(', ') || 'nothing';
}

function noHistory({ keepsHistory }: Figures): Markup {
  const why = keepsHistory
    ? 'The ledger has no history: no run has written it since it keeps one.'
    : 'The ledger was written by an earlier version of millrace, which kept no sessions and no history. Both begin with the next run.';
  return html`<section><h2>Progress</h2><p class="note">${why}</p></section>`;
}

function sessions(all: readonly SessionFigures[]): Markup {
  const rows = all.map(
    (session) => html`<tr><td class="n">${session.id}</td><td class="nowrap">${stamp(session.begunMs)}</td>
<td class="nowrap">${session.endedMs === undefined ? '-' : stamp(session.endedMs)}</td><td class="n">${duration(session.seconds)}</td>
<td class="n">${formatCount(session.copiedFiles)}</td><td class="n">${formatBytes(session.copiedBytes)}</td>
<td class="n">${formatCount(session.sameFiles)}</td><td class="n">${formatCount(session.deleted)}</td>
<td class="n${session.failed > 0 ? ' code' : ''}">${formatCount(session.failed)}</td><td class="n">${formatRate(session.meanRate)}</td>
<td class="words end">${session.end}</td></tr>`,
  );
  return html`<section><h2>Sessions</h2>
<div class="box" tabindex="0"><table><thead><tr><th class="n">#</th><th>Begin</th><th>End</th><th class="n">Time</th>
<th class="n">Copied</th><th class="n">Data</th><th class="n">Same</th><th class="n">Deleted</th><th class="n">Failed</th>
<th class="n">Mean rate</th><th>How it ended</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function failures({ causes, failures: first, totals, failedFolders }: Figures): Markup {
  const all = totals.failedFiles + failedFolders;
  if (causes.length === 0) return html`<section><h2>Failures</h2><p class="note">None.</p></section>`;
  const most = Math.max(...causes.map((cause) => cause.count));
  const rows = causes.map(
    (
      cause,
    ) => html`<tr><td><span class="code">${cause.code}</span><br>${MEANINGS[cause.code] ?? cleanText(cause.example)}</td>
<td class="n measure">${formatCount(cause.count)}${bar(cause.count / most, 'bar red')}</td>
<td class="path"><ul class="places">${cause.places.map((place) => html`<li>${placeText(place.folder, cause.places.length)}${cause.places.length > 1 ? ` (${formatCount(place.count)})` : ''}</li>`)}</ul></td></tr>`,
  );
  const paths = first.map(
    ({ path, kind, error }) =>
      html`<tr><td class="path">${cleanName(path) || '.'}${kind === 'folder' ? '/' : ''}</td><td class="words">${cleanText(error)}</td></tr>`,
  );
  return html`<section><h2>Failures by cause</h2>
<div class="box" tabindex="0"><table><thead><tr><th>Cause</th><th class="n">Count</th><th>Where</th></tr></thead><tbody>${rows}</tbody></table></div></section>
<section class="listing"><h2>${all > first.length ? `The first ${first.length} of ${formatCount(all)} failures` : 'What failed'}</h2>
<div class="box long" tabindex="0"><table><thead><tr><th>Path</th><th>Error</th></tr></thead><tbody>${paths}</tbody></table></div></section>`;
}

function placeText(folder: string, places: number): string {
  if (folder !== '') return `${cleanName(folder)}/`;
  return places > 1 ? 'elsewhere' : 'all over the source';
}

function histogram(title: string, column: string, tallies: readonly Tally[], label: (step: number) => string): Markup {
  const most = (pick: (tally: Tally) => number) => Math.max(1, ...tallies.map(pick));
  const [mostFiles, mostBytes] = [most(({ files }) => files), most(({ bytes }) => bytes)];
  const rows = tallies.map(
    ({ files, bytes }, step) => html`<tr><th scope="row">${label(step)}</th>
<td class="n">${formatCount(files)}${bar(files / mostFiles)}</td><td class="n">${formatBytes(bytes)}${bar(bytes / mostBytes)}</td></tr>`,
  );
  return html`<section><h2>${title}</h2><div class="box"><table class="histogram"><thead><tr><th>${column}</th><th class="n">Files</th><th class="n">Data</th></tr></thead>
<tbody>${rows}</tbody></table></div></section>`;
}

function sizeLabel(step: number): string {
  const short = (bytes: number) => formatBytes(bytes).replace('.0', '');
  const [from, below] = [SIZE_BOUNDS[step - 1], SIZE_BOUNDS[step]];
  if (from === undefined) return 'empty';
  if (from === 1) return `up to ${short(below!)}`;
  return below === undefined ? `${short(from)} and more` : `${short(from)} to ${short(below)}`;
}

/** One up to each bound, and one beyond. */
type LabelsOf<Bounds extends readonly number[]> = readonly [...{ [Step in keyof Bounds]: string }, string];

const AGE_LABELS: LabelsOf<typeof AGE_BOUNDS_DAYS> = [
  'in the future',
  'up to a week',
  'up to a month',
  'up to a year',
  '1 to 2 years',
  '2 to 5 years',
  '5 to 10 years',
  'older',
];

function ageLabel(step: number): string {
  return AGE_LABELS[step]!;
}

function slowest({ slowest: folders, keepsHistory }: Figures): Markup {
  if (folders.length === 0)
    return html`<section><h2>Slowest folders</h2><p class="note">${keepsHistory ? 'No folder has been worked on yet.' : 'Not recorded by the version that wrote this ledger.'}</p></section>`;
  const most = folders[0]!.workMs;
  const rows = folders.map(
    ({ path, workMs, files, bytes }) => html`<tr><td class="path">${path === '' ? '.' : cleanName(path)}</td>
<td class="n measure">${duration(workMs / 1000)}${bar(workMs / most)}</td><td class="n">${formatCount(files)}</td><td class="n">${formatBytes(bytes)}</td></tr>`,
  );
  return html`<section><h2>Slowest folders</h2><div class="box" tabindex="0"><table><thead><tr><th>Folder</th><th class="n">Work</th><th class="n">Files</th><th class="n">Data</th></tr></thead>
<tbody>${rows}</tbody></table></div>
<p class="note">Work is the time from the opening of a file to its publication, added up over the folder's own files; many are in work at a time, and waiting for a limit counts.</p></section>`;
}

function footer({ distribution, ledger, madeMs, totals, merkleRoot }: Figures): Markup {
  const { hashed, all } = distribution;
  const hashes = hashed.map(({ algorithm, entries }) => `${algorithm} of ${formatCount(entries)}`).join(', ') || 'none';
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const skipped =
    totals.skippedFiles > 0
      ? html`<dt>Skipped</dt><dd>${formatCounted(totals.skippedFiles, 'entry', 'entries')}: no file, folder or link</dd>`
      : NOTHING;
  return html`<footer><dl>
<dt>Checksums</dt><dd>${hashes}, of ${formatCounted(all.files, 'entry', 'entries')}</dd>${skipped}
<dt>Merkle root</dt><dd>${merkleRoot} of what is synced, as millrace manifest tells it</dd>
<dt>Ledger</dt><dd>${cleanName(ledger)}</dd>
<dt>Made</dt><dd>${stamp(madeMs)}, times are those of ${zone}</dd>
</dl></footer>`;
}

/** A run of seconds is no run of nothing. */
function duration(seconds: number): string {
  return seconds < 10 ? `${seconds.toFixed(1)}s` : formatDuration(seconds);
}
