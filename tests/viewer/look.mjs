// How pages look and are reached: both themes, wide and narrow, for the keyboard and for screen readers.
// Screenshots are kept in BUILD/test-log/viewer for people to look at; no pixel is compared.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { close, folder, go, open, settled, shots } from './browser.mjs';
import { makeDocument, pageWith } from './synthetic.mjs';
import { ldoc, pageOf, planted } from './traces.mjs';
import { assert, finish, test } from './tap.mjs';

const traceA = planted('before', 1);
const traceB = planted('after', 2);
const diff = pageOf([traceA], ['--diff', traceB]);
const real = pageOf([ldoc()], ['--with-source']);
const synthetic = join(folder(), 'synthetic.html');
writeFileSync(synthetic, pageWith(readFileSync(join(process.env.BUILD, 'viewer', 'page.html'), 'utf8'), makeDocument()));
const made = pathToFileURL(synthetic).href;
const VIEWS = [
    [real, 'overview'], [real, 'flame'], [real, 'flame?invert=1&by=line'], [real, 'flame?focus=string.find'], [real, 'flame?q=lexer'],
    [real, 'load'], [real, 'load?view=table'], [real, 'load?view=misses'], [real, 'load?view=again'], [made, 'memory'], [real, 'crossings'],
    [made, 'timeline'], [diff, 'budgets'], [diff, 'diff'], [real, 'source'], [real, 'diff'],
];
const SIZES = [[1280, 'light'], [1280, 'dark'], [390, 'light'], [390, 'dark']];

for (const [width, theme] of SIZES)
    test(`every page fits ${width} pixels in the ${theme} theme`, async () => {
        const opened = new Map();
        for (const [url, hash] of VIEWS) {
            if (!opened.has(url)) opened.set(url, await open(url, { width, theme }));
            const { page } = opened.get(url);
            await go(page, `#${hash}`);
            await page.waitForTimeout(60); // pictures are drawn after the next frame
            await page.screenshot({ path: join(shots, `${hash.replace(/\W+/g, '-')}-${width}-${theme}.png`), fullPage: true });
            const room = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
            assert.ok(room[0] <= room[1], `${hash} is ${room[0]} wide`);
            const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
            const [red] = /\d+/.exec(ground);
            assert.ok(theme === 'dark' ? Number(red) < 8 * 10 : ground === 'rgb(255, 255, 255)', ground);
        }
        for (const s of opened.values()) {
            assert.deepEqual(s.seen.errors, []);
            await s.done();
        }
    });

/** Contrast of two colours (WCAG), from what the browser computes. */
const contrast = page =>
    page.evaluate(() => {
        const parse = c => c.match(/[\d.]+/g).map(Number);
        const light = ([r, g, b]) => [r, g, b].map(v => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
            .reduce((s, v, i) => s + v * [0.2126, 0.7152, 0.0722][i], 0);
        const ground = el => {
            for (let at = el; at; at = at.parentElement) {
                const c = parse(getComputedStyle(at).backgroundColor);
                if (c.length === 3 || c[3] === 1) return c;
            }
            return [255, 255, 255];
        };
        const bad = [];
        for (const el of document.querySelectorAll('body *')) {
            const own = [...el.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
            if (!own || !el.checkVisibility() || getComputedStyle(el).backgroundColor.startsWith('color')) continue;
            const [a, b] = [light(parse(getComputedStyle(el).color)), light(ground(el))].sort((x, y) => y - x);
            if ((a + 0.05) / (b + 0.05) < 4.5) bad.push(`${el.tagName}.${el.className} ${el.textContent.slice(0, 30)}`);
        }
        return bad;
    });
test('texts stand out from their ground by 4.5 to 1 in both themes', async () => {
    for (const theme of ['light', 'dark']) {
        const s = await open(diff, { theme });
        for (const page of ['overview', 'load', 'crossings', 'budgets', 'diff', 'memory']) {
            await go(s.page, `#${page}`);
            assert.deepEqual(await contrast(s.page), [], `${page} ${theme}`);
        }
        await s.done();
    }
});
test('the switch turns the theme, and the choice is kept', async () => {
    const s = await open(real, { theme: 'light' });
    await s.page.getByRole('button', { name: 'Dark theme' }).click();
    await settled(s.page);
    assert.equal(await s.page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    await s.page.reload();
    await s.page.waitForSelector('html[data-ready]');
    await settled(s.page);
    assert.equal(await s.page.evaluate(() => document.documentElement.dataset.theme), 'dark');
    await s.page.keyboard.press('d');
    await settled(s.page);
    assert.equal(await s.page.evaluate(() => document.documentElement.dataset.theme), 'light');
    await s.done();
});
test('every control and picture has a name, and every field a label', async () => {
    const s = await open(diff);
    for (const [, hash] of VIEWS) {
        await go(s.page, `#${hash}`);
        const nameless = await s.page.evaluate(() =>
            [...document.querySelectorAll('button, a, input, select, [role=application], [role=table], [role=img], [tabindex="0"], summary')]
                .filter(el => el.checkVisibility())
                .filter(el => !(el.getAttribute('aria-label') || el.textContent.trim() || el.labels?.[0]?.textContent.trim() || el.title))
                .map(el => el.outerHTML.slice(0, 120)),
        );
        assert.deepEqual(nameless, [], hash);
        assert.equal(await s.page.locator('main').count(), 1);
        assert.equal(await s.page.locator('nav [aria-current=page]').count(), 1, hash);
    }
    await s.done();
});
test('the Tab key reaches the tables and pictures, and where it is can be seen', async () => {
    const s = await open(real);
    await go(s.page, '#flame');
    const reached = new Set();
    for (let i = 0; i < 60; i++) {
        await s.page.keyboard.press('Tab');
        const at = await s.page.evaluate(() => {
            const el = document.activeElement;
            const style = getComputedStyle(el);
            return { name: el.getAttribute('aria-label') ?? el.textContent.slice(0, 20), outline: parseFloat(style.outlineWidth), body: el === document.body };
        });
        if (at.body) break;
        assert.ok(at.outline >= 1, `no outline on ${at.name}`);
        reached.add(at.name);
    }
    const names = [...reached].join('\n');
    assert.match(names, /Flame graph\. Arrow keys/);
    assert.match(names, /Rows of functions by cpu/);
    assert.match(names, /Activity over time/);
    await s.done();
});
/** What has the focus: the name of its element, or its text. */
const focused = async page => {
    await settled(page);
    return page.evaluate(() => {
        const el = document.activeElement;
        return el === document.body ? 'nothing' : `${el.tagName} ${el.getAttribute('aria-label') ?? el.textContent}`;
    });
};
/** Goes on with Tab until NAME has the focus. */
async function tabTo(page, name) {
    for (let i = 0; i < 100; i++) {
        await page.keyboard.press('Tab');
        if (name.test(await focused(page))) return;
    }
    assert.fail(`no way to ${name}`);
}
async function press(page, ...keys) {
    for (const k of keys) {
        await page.keyboard.press(k);
        await settled(page);
    }
}
test('the focus stays near to what had it and is gone', async () => {
    const s = await open(real);
    const { page } = s;
    await page.locator('.facts a').first().focus();
    await press(page, '2');
    assert.equal(await focused(page), 'MAIN Flame', 'another page has it as a whole, where its control is gone');
    await tabTo(page, /Activity over time/);
    await press(page, 'ArrowRight');
    await tabTo(page, /BUTTON all of it/);
    await press(page, 'Enter');
    assert.match(await focused(page), /Activity over time/);
    await tabTo(page, /Flame graph\./);
    await press(page, 'ArrowDown', 'ArrowDown', 's');
    assert.match(await focused(page), /BUTTON ← all stacks/);
    await press(page, 'Enter');
    assert.match(await focused(page), /Flame graph\./);
    await press(page, 'ArrowDown', 'ArrowDown', 's', 'Escape');
    assert.match(await focused(page), /Flame graph\./);
    assert.doesNotMatch(page.url(), /focus=/);
    await s.done();
});
test('keys sort, filter and open in a table, and Escape leaves what they opened', async () => {
    const s = await open(real);
    const { page } = s;
    await go(page, '#flame');
    await tabTo(page, /Rows of functions/);
    await press(page, 'ArrowDown', 'Enter');
    assert.match(page.url(), /focus=/);
    await press(page, 'Escape');
    assert.doesNotMatch(page.url(), /focus=/);
    await tabTo(page, /BUTTON total/); // with a row chosen: Enter is the header's
    await press(page, 'Enter');
    assert.match(page.url(), /sort=-total/);
    assert.match(await focused(page), /BUTTON total/);
    await page.getByRole('searchbox', { name: 'Filter functions by cpu' }).focus();
    await page.keyboard.type('str');
    await press(page, 'Escape');
    assert.equal(await page.getByRole('searchbox', { name: 'Filter functions by cpu' }).inputValue(), '');
    await press(page, 'Escape', '3');
    assert.match(page.url(), /#load/, 'shortcuts hold again');
    await tabTo(page, /Rows of module loads/);
    await press(page, 'ArrowDown', 'ArrowDown', 'Enter');
    assert.match(page.url(), /module=/);
    await press(page, 'Escape');
    assert.doesNotMatch(page.url(), /module=/);
    await press(page, '6', '+');
    assert.match(page.url(), /from=/);
    await press(page, '-');
    assert.doesNotMatch(page.url(), /from=/, 'all of it is all of it');
    await press(page, '+', 'Escape');
    assert.doesNotMatch(page.url(), /from=/);
    await s.done();
});
test('while the keys are listed they do nothing, and the focus comes back', async () => {
    const s = await open(real);
    const { page } = s;
    await go(page, '#crossings');
    await tabTo(page, /BUTTON Copy C functions/);
    await press(page, '?');
    assert.match(await page.locator('dialog').innerText(), /in a flame graph: next frame/);
    await press(page, '3');
    assert.match(page.url(), /#crossings/);
    await press(page, 'Escape');
    assert.equal(await page.locator('dialog').count(), 0);
    assert.match(await focused(page), /BUTTON Copy C functions/);
    await s.done();
});
test('headings are called what they say, also where they can be explained', async () => {
    const s = await open(real);
    await go(s.page, '#flame');
    const tools = await s.page.context().newCDPSession(s.page);
    const { nodes } = await tools.send('Accessibility.getFullAXTree');
    const named = role => nodes.filter(n => n.role?.value === role).map(n => n.name?.value);
    assert.deepEqual(named('heading'), ['Hottest functions']);
    assert.deepEqual(named('DisclosureTriangle'), ['Hottest functions']);
    await s.done();
});
test('terms are explained where they stand', async () => {
    const s = await open(real);
    await go(s.page, '#overview');
    await s.page.locator('summary', { hasText: 'Coverage and losses' }).click();
    assert.match(await s.page.locator('#coverage').innerText(), /it is not zero/);
    await s.done();
});

await finish(close);
