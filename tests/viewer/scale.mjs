// A page of 1,000,000 samples, 200,000 stacks and 5,000 modules: what is drawn and built stays small, and every sample is
// accounted for.  Times are told, never judged.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { close, csvOf, folder, go, open, shots } from './browser.mjs';
import { makeDocument, pageWith } from './synthetic.mjs';
import { assert, finish, test } from './tap.mjs';

const SAMPLES = 1_000_000;
const NODES = 200_000;
const MODULES = 5_000;
const bundle = readFileSync(join(process.env.BUILD, 'viewer', 'page.html'), 'utf8');
const document = makeDocument({ nodes: NODES, samples: SAMPLES, modules: MODULES, functions: 8000, depth: 60 });
const path = join(folder(), 'scale.html');
writeFileSync(path, pageWith(bundle, document));
const url = pathToFileURL(path).href;
const opened = Date.now();
const s = await open(url);
console.log(`# page of ${(readFileSync(path).length / 2 ** 20).toFixed(1)} MiB opened in ${Date.now() - opened} ms`);
const paints = await s.page.evaluate(() => [performance.getEntriesByType('paint').at(-1)?.startTime, performance.now()]);
console.log(`# first paint after ${Math.round(paints[0])} ms, ready before ${Math.round(paints[1])} ms`);

/** What a page's own thread has used of the processor: what else the machine does is not in it. */
const tools = new Map();
async function processorMs(page) {
    if (!tools.has(page)) {
        tools.set(page, await page.context().newCDPSession(page));
        await tools.get(page).send('Performance.enable', { timeDomain: 'threadTicks' });
    }
    const { metrics } = await tools.get(page).send('Performance.getMetrics');
    return 1000 * metrics.find(m => m.name === 'TaskDuration').value;
}

/** Does something in the page and waits for the frame that shows it; the time from one to the other. */
async function step(what, change, page = s.page) {
    const before = await processorMs(page);
    const ms = await page.evaluate(async code => {
        const t = performance.now();
        new Function(code)();
        await new Promise(r => requestAnimationFrame(() => setTimeout(r)));
        await new Promise(r => requestAnimationFrame(() => setTimeout(r)));
        return performance.now() - t;
    }, change);
    console.log(`# ${what}: ${ms.toFixed(0)} ms, ${((await processorMs(page)) - before).toFixed(0)} of them at work`);
}
const to = hash => `location.hash = ${JSON.stringify(hash)}`;

test('the flame graph draws what can be seen, and says what it leaves out', async () => {
    await step('to the flame graph, at once', to('#flame'));
    await step('to the first page', to('#overview'));
    await step('to the flame graph again', to('#flame'));
    const drawn = Number(await s.page.locator('.flame-canvas').getAttribute('data-drawn'));
    assert.ok(drawn > 1000 && drawn < 60 * 2600, `${drawn} frames`);
    assert.match(await s.page.locator('.narrow-note').innerText(), /frames are narrower than half a pixel/);
    await s.page.screenshot({ path: join(shots, 'scale-flame.png') });
});
test('what views will ask for first is made while nobody asks', async () => {
    const other = await open(url);
    await other.page.waitForSelector('html[data-ready=all]');
    assert.equal(await other.page.locator('.rehearsal, #main .flame').count(), 0, 'what was rehearsed is not left');
    assert.doesNotMatch(await other.page.locator('body').innerText(), /sketch/);
    await step('to the flame graph, first time', to('#flame'), other.page);
    assert.equal(await other.page.locator('.flame-canvas').getAttribute('data-drawn'), await s.page.locator('.flame-canvas').getAttribute('data-drawn'));
    await other.done();
});
test('all that is left out of the picture is in the table', async () => {
    const rows = await csvOf(s.page, 'functions by cpu');
    assert.equal(rows.reduce((sum, r) => sum + Number(r.self), 0), SAMPLES * 1e6);
    assert.ok((await s.page.locator('.tr').count()) < 60, 'rows out of view are not built');
});
test('views of it are changed', async () => {
    for (const hash of ['#flame?invert=1', '#flame?by=line', '#flame?by=module', '#flame?thread=4712', '#flame?from=1e11&to=3e11', '#flame?q=emit',
        '#flame?focus=part.read_0', '#flame?what=collector&invert=1&by=line'])
        await step(`to ${hash}`, to(hash));
    await go(s.page, '#flame');
    const box = await s.page.locator('.flame-scroll').boundingBox();
    const t = Date.now();
    await s.page.mouse.click(box.x + 200, box.y + 50);
    await s.page.waitForURL(/zoom=/);
    console.log(`# zoom by a click, with the way to the browser and back: ${Date.now() - t} ms`);
    assert.match(await s.page.locator('.flame-line').innerText(), /min|s \(/);
    const zoomed = new URL(s.page.url()).hash;
    await step('zoomed out', to('#flame'));
    await step('zoomed in', to(zoomed));
});
test('five thousand loads are a few rows', async () => {
    await step('to the waterfall', to('#load'));
    assert.ok((await s.page.locator('.tr').count()) < 60);
    assert.ok((await s.page.locator('.wf i').count()) < 20_000);
    await step('to the table of modules', to('#load?view=table'));
    await step('sorted by name', to('#load?view=table&sort=name'));
    await step('filtered', to('#load?view=table&q=module49'));
    assert.equal((await csvOf(s.page, 'modules')).length, document.traces[0].report.processes[0].modules.filter(m => m.name.includes('module49')).length);
});
test('the time line holds every sample', async () => {
    await step('to the time line', to('#timeline'));
    await step('zoomed in', to('#timeline?from=1e11&to=2e11'));
    await s.page.screenshot({ path: join(shots, 'scale-timeline.png') });
    assert.equal(await s.page.locator('.lanes canvas').count(), 1);
});
test('nothing went wrong meanwhile', () => {
    assert.deepEqual(s.seen.errors, []);
    assert.deepEqual(s.seen.console, []);
});

await finish(close);
