// Debian's Chromium: pages from files and servers, with everything that they ask for and complain about kept.
import { createRequire } from 'node:module';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const require = createRequire(new URL('../../viewer/package.json', import.meta.url));
const { chromium } = require('playwright-core');
export const shots = join(process.env.BUILD, 'test-log', 'viewer');

let browser;
export async function launch() {
    browser ??= await chromium.launch({
        executablePath: process.env.CHROMIUM,
        args: [
            '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
            '--disable-component-update', '--disable-sync',
        ],
    });
    return browser;
}
export async function close() {
    await browser?.close();
    if (scratch) rmSync(scratch, { recursive: true, force: true });
}

let scratch;
/** A folder for the files of this suite. */
export function folder() {
    return (scratch ??= mkdtempSync(join(tmpdir(), 'modprof-viewer-')));
}

/** Opens a URL.  seen: requests beyond the page itself, errors, console messages. */
export async function open(url, { width = 1280, height = 900, theme = 'light' } = {}) {
    const context = await (await launch()).newContext({ viewport: { width, height }, colorScheme: theme, acceptDownloads: true });
    const page = await context.newPage();
    const seen = { requests: [], errors: [], console: [] };
    // What the page made itself (blob:, its worker) comes from nowhere outside.
    page.on('request', r => r.url().split('#')[0] !== url.split('#')[0] && !r.url().startsWith('blob:') && seen.requests.push(r.url()));
    page.on('pageerror', e => seen.errors.push(String(e)));
    page.on('console', m => seen.console.push(m.text()));
    page.on('dialog', d => {
        seen.errors.push(`dialog: ${d.message()}`);
        void d.dismiss();
    });
    await page.goto(url);
    await page.waitForSelector('html[data-ready]');
    return { page, seen, done: () => context.close() };
}

/** Waits until the next frames are drawn. */
export const settled = page => page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r()))));

/** Goes to another view of the same page, as by its address. */
export async function go(page, hash) {
    await page.evaluate(h => { location.hash = h; }, hash);
    await settled(page);
    await settled(page);
}

/** What a table would save as CSV, as records of texts by title; without the mark that keeps names from being formulas. */
export async function csvOf(page, name) {
    const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: `Save ${name} as CSV`, exact: true }).click(),
    ]);
    const chunks = [];
    for await (const c of await download.createReadStream()) chunks.push(c);
    const [head, ...rows] = parseCsv(Buffer.concat(chunks).toString('utf8'));
    return rows.map(r => Object.fromEntries(head.map((h, i) => [h, r[i].replace(/^'(?=[=+@-])/, '')])));
}

export function parseCsv(text) {
    const rows = [];
    let row = [];
    let field = '';
    let quoted = false;
    for (let i = 0; i < text.length; i++) {
        const c = text[i];
        if (quoted) {
            if (c !== '"') field += c;
            else if (text[i + 1] === '"') { field += '"'; i++; }
            else quoted = false;
        } else if (c === '"') quoted = true;
        else if (c === ',') { row.push(field); field = ''; }
        else if (c === '\n') { row.push(field); rows.push(row); row = []; field = ''; }
        else if (c !== '\r') field += c;
    }
    return rows;
}
