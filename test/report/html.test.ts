import { expect, test } from 'vitest';
import { htmlOf } from '../../src/report/html.js';
import { html, Markup } from '../../src/report/markup.js';
import { figuresWith, hostileFigures } from './figures.js';

test('values are text wherever they stand, markup stays, and lists are joined', () => {
  expect(html`<a title="${'"\'<>&'}">${1}${html`<b>`}${['&', html`<i>`]}</a>`).toEqual(
    new Markup('<a title="&quot;&#39;&lt;&gt;&amp;">1<b>&amp;<i></a>'),
  );
});

test('no name makes a tag, an attribute or an entity', () => {
  const page = htmlOf(hostileFigures(0));
  for (const trap of ['<script', '<img', 'x onerror=pwned=1>', '</style></title>', '<svg onload'])
    expect(page).not.toContain(trap);
  expect(page).toContain('&lt;script&gt;pwned=1&lt;/script&gt;');
  expect(page).toContain('&#39; onmouseover=&#39;pwned=1');
  expect(page).toContain('&amp;lt;b&amp;gt;');
  expect(page).toContain('broken \\xff\\x80');
  expect(page).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}|\p{Cs}/u);
  // As many tags of each sort as with harmless names.
  const tags = (text: string) => text.match(/<[a-z]+/g)!.sort();
  const harmless = hostileFigures(0);
  const plain = htmlOf({
    ...harmless,
    source: '/a',
    dest: '/b',
    ledger: '/c',
    failures: harmless.failures.map((failure) => ({ ...failure, path: 'x', error: 'y' })),
    causes: harmless.causes.map((cause) => ({ ...cause, example: 'x', places: [{ folder: 'y', count: 1 }] })),
    slowest: harmless.slowest.map((folder) => ({ ...folder, path: 'x' })),
  });
  expect(tags(page)).toEqual(tags(plain));
});

test('needs no network: nothing is loaded, and the policy forbids it', () => {
  const page = htmlOf(figuresWith());
  expect(page).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
  expect(page).not.toMatch(/\b(src|href)=|url\(|@import|https?:/);
});

test('a migration that has not begun, and a ledger that keeps no history, say so', () => {
  expect(htmlOf(figuresWith())).toContain('The ledger has no history');
  expect(htmlOf(figuresWith())).toContain('No folder has been worked on yet.');
  const older = htmlOf(figuresWith({ keepsHistory: false }));
  expect(older).toContain('by an earlier version of millrace');
  expect(older).toContain('Not recorded by the version that wrote this ledger.');
  expect(older).not.toContain('class="chart"');
});

test('the part that is done is never rounded up to all of it', () => {
  const totals = { ...figuresWith().totals, syncedBytes: 999_999, pendingBytes: 1 };
  expect(htmlOf(figuresWith({ totals }))).toContain('99.9 % of');
  expect(htmlOf(figuresWith({ totals: { ...totals, pendingBytes: 0 } }))).toContain('100 % of');
});
