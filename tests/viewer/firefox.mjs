// The page in Debian's Firefox: every view of a real trace and of one with everything in it, from file://.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { close, folder, shots } from './browser.mjs';
import { firefox } from './marionette.mjs';
import { makeDocument, pageWith } from './synthetic.mjs';
import { HOSTILE, pageOf, planted, report } from './traces.mjs';
import { assert, finish, test } from './tap.mjs';

const traceA = planted('planted', 1);
const a = report(traceA).processes[0];
const real = pageOf([traceA], ['--with-source']);
const synthetic = join(folder(), 'synthetic.html');
const bundle = readFileSync(join(process.env.BUILD, 'viewer', 'page.html'), 'utf8');
writeFileSync(synthetic, pageWith(bundle, makeDocument()));
const PAGES = ['overview', 'flame', 'flame?invert=1&by=line', 'load', 'load?view=table', 'load?view=misses', 'memory', 'crossings', 'timeline', 'budgets', 'diff', 'source'];
const f = await firefox(process.env.FIREFOX);

/** Opens a page; what goes wrong in it from now on is kept in it. */
async function open(url) {
    await f.ask('WebDriver:Navigate', { url });
    await f.evaluate(`
        window.wrong = [];
        addEventListener('error', e => wrong.push(String(e.message)));
        addEventListener('unhandledrejection', e => wrong.push(String(e.reason)));
        document.addEventListener('securitypolicyviolation', e => wrong.push(e.violatedDirective));
        while (!document.documentElement.hasAttribute('data-ready')) await new Promise(r => setTimeout(r, 20));`);
}
const go = hash => f.evaluate(`
    location.hash = args[0];
    const painted = () => [...document.querySelectorAll('canvas')].map(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v !== 0));
    // Pictures are drawn when their width is known: some frames later, many on a busy machine.
    for (let i = 0; i < 4 || (i < 300 && !painted().every(p => p)); i++) await new Promise(r => requestAnimationFrame(r));
    return {
        cards: document.querySelectorAll('main .card').length, alerts: document.querySelectorAll('[role=alert]').length,
        text: document.querySelector('main').innerText, current: document.querySelector('nav [aria-current=page]')?.textContent,
        room: document.documentElement.scrollWidth - innerWidth, wrong,
        painted: painted(),
    };`, hash);
async function shot(name) {
    writeFileSync(join(shots, `firefox-${name.replace(/\W+/g, '-')}.png`), Buffer.from(await f.ask('WebDriver:TakeScreenshot', { full: true }), 'base64'));
}

for (const [what, url] of [['a real trace', real], ['one with everything in it', pathToFileURL(synthetic).href]])
    test(`every page of ${what} is shown`, async () => {
        await open(url);
        assert.equal(await f.evaluate(`return document.documentElement.dataset.reader`), 'worker');
        for (const page of PAGES) {
            const seen = await go(`#${page}`);
            assert.equal(seen.current?.toLowerCase().replace(' ', ''), /^\w+/.exec(page)[0], page);
            assert.ok(seen.cards > 0 || seen.text.length > 40, `${page}: ${JSON.stringify(seen)}`);
            assert.ok(seen.text.length > 20, `${page}: ${seen.text}`);
            assert.ok(seen.painted.every(p => p), `${page}: a picture is empty`);
            assert.ok(seen.room <= 0, `${page} is wider than the window`);
            assert.equal(seen.alerts, 0, page);
            assert.deepEqual(seen.wrong, [], page);
            await shot(`${what} ${page}`);
        }
    });
test('the numbers are those of the report', async () => {
    await open(real);
    await go('#overview');
    const exact = await f.evaluate(`return [...document.querySelectorAll('.figure')].map(e => e.title.replace(/[^0-9]/g, ''))`);
    for (const want of [a.duration_ns, a.overview.lua_peak_bytes, a.overview.modules.total_ns]) assert.ok(exact.includes(String(want)), `${want} in ${exact}`);
});
test('a name with markup is text', async () => {
    await open(`${real}#load?view=table`);
    const seen = await go('#load?view=table&q=onerror');
    assert.ok(seen.text.includes(HOSTILE));
    assert.deepEqual(await f.evaluate(`return [window.hacked ?? null, document.querySelectorAll('img').length]`), [null, 0]);
});
test('damaged data give a sentence', async () => {
    const cut = join(folder(), 'cut.html');
    writeFileSync(cut, readFileSync(synthetic, 'utf8').replace(/(id="modprof-page">[^<]{400})[^<]*/, '$1'));
    await open(pathToFileURL(cut).href);
    assert.match(await f.evaluate(`return document.querySelector('[role=alert]').innerText`), /damaged/);
});

await finish(async () => {
    await f.close();
    await close();
});
