/**
 * The page as a browser shows it. Runs in Debian's chromium, through playwright-core, which brings none of its own. With
 * REPORT_PICTURES=FOLDER the pictures of the README are made there.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { htmlOf } from '../../src/report/html.js';
import { report } from '../../src/report/report.js';
import { hostileFigures } from './figures.js';
import { sampleLedger } from './sample.js';

const CHROMIUM = '/usr/bin/chromium';
const isThere = existsSync(CHROMIUM);
const why = isThere ? '' : ` (skipped: no ${CHROMIUM}, which is in Debian's package chromium)`;
/** A Saturday evening, the same in each run. */
const NOW = Date.UTC(2026, 10, 21, 18, 30);

const pictures = process.env.REPORT_PICTURES;
const folder = mkdtempSync(join(tmpdir(), 'millrace-page-'));
const file = join(folder, 'report.html');
let browser: Browser;

beforeAll(async () => {
  if (!isThere) return;
  const db = join(folder, 'old-to-new.db');
  sampleLedger(db, pictures ? 200_000 : 20_000, NOW).close();
  await report({ file: db }, file, { out: () => {}, err: () => {} });
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** The page in a window of this width, and all that it complained of or asked the network for. */
async function opened(width: number, colorScheme: 'light' | 'dark' = 'light', shown = file) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => {
    if (request.url() !== pathToFileURL(shown).href) complaints.push(`request of ${request.url()}`);
  });
  await page.goto(pathToFileURL(shown).href);
  return { page, complaints, close: () => context.close() };
}

const SCROLL_WIDTH = 'document.documentElement.scrollWidth';
/** What hangs over the edge without making the page scroll would be cut off; boxes scroll. */
const OVER_THE_EDGE = `[...document.querySelectorAll('main *')]
  .filter((element) => !element.closest('.box') && element.getBoundingClientRect().right > innerWidth + 0.5)
  .map((element) => element.outerHTML.slice(0, 80))`;

describe.skipIf(!isThere)(`in a browser${why}`, () => {
  test.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [320, 'dark'],
  ] as const)('%i px wide, %s: no complaint, no request, and nothing wider than the window', async (width, scheme) => {
    const { page, complaints, close } = await opened(width, scheme);
    expect(await page.evaluate(SCROLL_WIDTH)).toBeLessThanOrEqual(width);
    expect(await page.evaluate(OVER_THE_EDGE)).toEqual([]);
    expect(complaints).toEqual([]);
    await close();
  });

  test('the charts are drawn, as large as they should be, and say what is under the pointer', async () => {
    const { page, close } = await opened(1280);
    const curves = (await page.evaluate(`[...document.querySelectorAll('.chart svg path.main')].map((path) => {
      const { width, height } = path.getBoundingClientRect();
      return { width, height, stroke: getComputedStyle(path).stroke };
    })`)) as { width: number; height: number; stroke: string }[];
    // One for each of the six sessions, in the chart of progress; those of throughput have none where the pause is short.
    expect(curves.length).toBeGreaterThanOrEqual(10);
    expect(new Set(curves.map(({ stroke }) => stroke))).toEqual(new Set(['rgb(36, 99, 214)']));
    const total = (pick: (curve: (typeof curves)[0]) => number) =>
      curves.slice(0, 6).reduce((sum, curve) => sum + pick(curve), 0);
    expect(total(({ width }) => width)).toBeGreaterThan(800);
    expect(total(({ height }) => height)).toBeGreaterThan(150);
    // The pauses between six sessions, in both charts.
    expect(await page.locator('.chart .idle').count()).toBe(10);
    expect(await page.locator('.bar rect').count()).toBeGreaterThan(40);
    await page.locator('.chart svg').nth(1).scrollIntoViewIfNeeded();
    const pointed = `(() => {
      const { x, y, width, height } = document.querySelectorAll('.chart svg')[1].getBoundingClientRect();
      return document.elementFromPoint(x + width * 0.3, y + height / 2).textContent;
    })()`;
    expect(await page.evaluate(pointed)).toMatch(/^2026-11-0\d \d\d:\d\d: [\d.]+ MiB\/s, limit [\d.]+ MiB\/s$/);
    await close();
  });

  test('on paper nothing is in a box that scrolls or too wide, and it is dark on white', async () => {
    // A4 without its margins.
    const { page, close } = await opened(718, 'dark');
    await page.emulateMedia({ media: 'print' });
    const style = `[getComputedStyle(document.querySelector('.box.long')).overflowY,
      getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]`;
    expect(await page.evaluate(style)).toEqual(['visible', 'rgb(255, 255, 255)', 'rgb(0, 0, 0)']);
    expect(await page.evaluate(SCROLL_WIDTH)).toBeLessThanOrEqual(718);
    await close();
  });

  test('hostile names are shown, and none of them becomes a part of the page', async () => {
    const hostile = join(folder, 'hostile.html');
    writeFileSync(hostile, htmlOf(hostileFigures(NOW)));
    const { page, complaints, close } = await opened(390, 'light', hostile);
    expect(complaints).toEqual([]);
    const found = '[document.scripts.length, document.images.length, document.querySelectorAll("[onload]").length]';
    expect(await page.evaluate(found)).toEqual([0, 0, 0]);
    expect(await page.evaluate('typeof pwned')).toBe('undefined');
    const paths = await page.locator('.path').allTextContents();
    expect(paths).toContain('<script>pwned=1</script>');
    expect(paths).toContain('turned \\u202egpj.exe');
    expect(await page.evaluate(SCROLL_WIDTH)).toBeLessThanOrEqual(390);
    await close();
  });
});

test.runIf(pictures && isThere)('pictures for the README', async () => {
  for (const [name, width, height] of [
    ['report.png', 1280, 1290],
    ['report-phone.png', 390, 844],
  ] as const) {
    const { page, close } = await opened(width);
    await page.screenshot({ path: join(pictures!, name), clip: { x: 0, y: 0, width, height }, fullPage: true });
    await close();
  }
});
