// Names are data, damaged pages give a sentence, and nothing runs or is asked for that does not belong to the page.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { close, folder, go, open, settled } from './browser.mjs';
import { makeDocument, pageWith } from './synthetic.mjs';
import { assert, finish, test } from './tap.mjs';

const bundle = readFileSync(join(process.env.BUILD, 'viewer', 'page.html'), 'utf8');
const PAGES = ['overview', 'flame', 'flame?by=module', 'flame?by=line', 'load', 'load?view=table', 'load?view=misses', 'load?view=again',
    'memory', 'crossings', 'timeline', 'budgets', 'diff', 'source'];
let n = 0;
function file(html) {
    const path = join(folder(), `page${n++}.html`);
    writeFileSync(path, html);
    return pathToFileURL(path).href;
}
const element = text => bundle.replace('<!--modprof-data-->', () => `<script type="application/octet-stream" id="modprof-page">${text}</script>`);

const EVIL = [
    '</script><img src=x onerror=window.hacked=1>', '<svg onload=window.hacked=1>', '"><script>window.hacked=1</script>',
    'javascript:window.hacked=1', '{{constructor.constructor("window.hacked=1")()}}', '<!--modprof-data-->', '&lt;b&gt;',
    '\u202egnp.exe', 'x'.repeat(5000), '\u0000\u0007\u001b[31m', '__proto__', 'constructor', '%', '#', '',
];
function evilDocument() {
    const doc = makeDocument({ nodes: 300, samples: 500, modules: EVIL.length, functions: EVIL.length, names: EVIL, arguments: EVIL });
    const [trace] = doc.traces;
    const [r] = trace.report.processes;
    r.modules.forEach((m, i) => Object.assign(m, { name: EVIL[i], file: EVIL[i], error: EVIL[i], required_by: EVIL[i], status: 'failed', load: EVIL[i] }));
    for (const m of r.modules) m.tried = EVIL.map(path => ({ path, errno: 2, duration_ns: 1 }));
    Object.assign(r, {
        executable: EVIL[0], directory: EVIL[1], not_covered: EVIL, incomplete: EVIL, ending: { ...r.ending, text: EVIL[0] },
        losses: EVIL.map(what => ({ what, n: 1 })), require_hits: EVIL.map(name => ({ name, calls: 1, timed: 1, timed_ns: 1 })),
    });
    const p = trace.processes[0];
    p.marks = EVIL.map((name, i) => ({ at_ns: i * 1e6, name }));
    p.sources = EVIL.map(f => ({ file: f, text: EVIL.join('\n') }));
    p.pruned = EVIL;
    p.samples.what = [...p.samples.what.slice(0, 6), EVIL[0]];
    trace.name = EVIL[0];
    trace.check = { verdict: 'fail', config: EVIL[1], counts: { fail: 2 }, rules: EVIL.map(e => ({
        rule: e, metric: e, unit: 'count', verdict: e || 'fail', sentence: e, message: e, limit: { value: 1, text: e }, warn: null, at_least: null,
        measured: 2, lower_bound: false, place: e, reason: e, level: 'error', pid: 1 })) };
    trace.history = EVIL.map(e => ({ metric: e, item: e, unit: 'count', at_unix_ns: [1e18, 2e18], value: [1, 2] }));
    doc.title = EVIL[0];
    return doc;
}

test('names with markup, control characters and thousands of letters are shown as they are, on every page', async () => {
    const s = await open(file(pageWith(bundle, evilDocument())));
    for (const page of PAGES) {
        await go(s.page, `#${page}`);
        assert.equal(await s.page.evaluate(() => window.hacked), undefined, page);
        assert.equal(await s.page.locator('img, main script, main svg[onload], main iframe').count(), 0, page);
        assert.ok((await s.page.locator('main').innerText()).length > 10, page);
    }
    await go(s.page, '#load?view=table');
    assert.ok((await s.page.locator('main').innerText()).includes(EVIL[0]));
    assert.deepEqual(s.seen.errors, []);
    assert.deepEqual(s.seen.requests.filter(r => !r.startsWith('data:')), []);
    await s.done();
});
test('addresses with markup are data too', async () => {
    const url = file(pageWith(bundle, makeDocument()));
    const evil = encodeURIComponent(EVIL[0]);
    for (const hash of [`#${evil}`, `#flame?focus=${evil}&q=${evil}&by=${evil}&metric=${evil}&zoom=${evil}&from=x&to=-1`, `#load?module=${evil}&fold=a.b&view=${evil}`,
        `#timeline?from=9e99&to=-9`, `#source?file=${evil}&line=-5`, `#diff?a=7&b=${evil}`, '#overview?t=9&p=9', '#memory?over=x&heap=y', '#%', '#crossings?cells=1e9']) {
        const s = await open(url + hash);
        await settled(s.page);
        assert.ok((await s.page.locator('main').innerText()).length > 5, hash);
        assert.equal(await s.page.evaluate(() => window.hacked), undefined, hash);
        assert.deepEqual(s.seen.errors, [], hash);
        await s.done();
    }
});
test('damaged data give a sentence', async () => {
    const whole = pageWith(bundle, makeDocument());
    const packed = /id="modprof-page">([^<]*)</.exec(whole)[1];
    const cases = [
        ['no data', bundle, /no data in this page/],
        ['cut off', element(packed.slice(0, packed.length >> 1)), /damaged/],
        ['no base64', element('§§§'), /damaged/],
        ['one letter changed', element(packed.slice(0, 400) + (packed[400] === 'A' ? 'B' : 'A') + packed.slice(401)), /damaged/],
        ['empty', element(''), /damaged/],
        ['another version', pageWith(bundle, { ...makeDocument(), version: 2 }), /version 2/],
        ['no traces', pageWith(bundle, { ...makeDocument(), traces: [] }), /damaged/],
        ['null', pageWith(bundle, null), /damaged/],
    ];
    for (const [what, html, sentence] of cases) {
        const s = await open(file(html));
        assert.match(await s.page.locator('[role=alert]').innerText(), sentence, what);
        assert.deepEqual(s.seen.errors, [], what);
        await s.done();
    }
});
test('a trace without anything in it still has every page, which says what would fill it', async () => {
    const doc = makeDocument();
    const [r] = doc.traces[0].report.processes;
    for (const k of ['modules', 'crossings', 'allocations', 'overview', 'cpu', 'chunks', 'require_hits']) delete r[k];
    Object.assign(r, { copies: [], complete: false, incomplete: ['the trace ends early'] });
    const { ending } = doc.traces[0].report.processes[0];
    Object.assign(ending, { text: 'unknown', reason: null, status: null, max_rss_bytes: null, user_ns: null, system_ns: null });
    Object.assign(doc.traces[0].processes[0], { trees: [], samples: null, memory: { at_ns_d: [], lua_d: [], c_d: [], rss_d: [] }, marks: [] });
    const s = await open(file(pageWith(bundle, doc)));
    for (const page of PAGES.filter(p => p !== 'overview')) {
        await go(s.page, `#${page}`);
        assert.ok((await s.page.locator('.empty').count()) > 0, page);
    }
    await go(s.page, '#overview');
    assert.match(await s.page.locator('main').innerText(), /the trace ends early/);
    assert.deepEqual(s.seen.errors, []);
    await s.done();
    doc.traces[0].report.processes = [];
    doc.traces[0].processes = [];
    const none = await open(file(pageWith(bundle, doc)));
    assert.match(await none.page.locator('main').innerText(), /no process in this trace/);
    await none.done();
});
/** A document whose trace was cut off before anything of Lua was in it. */
function cutOff() {
    const doc = makeDocument({ modules: 0 });
    const nothing = { lua_to_c: 0, c_to_lua: { lua_callk: 0, lua_pcallk: 0, lua_resume: 0, by_host: 0 }, functions: [] };
    const lua = { blocks: 0, bytes: 0, resized: 0, grown_bytes: 0, shrunk_bytes: 0, freed_bytes: 0, refused: 0, kinds: [], size_classes: [], states: [] };
    Object.assign(doc.traces[0].report.processes[0], {
        complete: false, incomplete: ['the file is cut off'], crossings: nothing, memory: {}, collector: {}, chunks: [],
        overview: { modules: { total_ns: 0 }, lua_peak_bytes: 0, lua_live_bytes: 0, lua_to_c_calls: 0, cold_start: {} },
        allocations: { lua, c: { covered: true, live_bytes: 0, peak_bytes: 0, calls_for_lua: 0, objects: [] } },
    });
    const { ending } = doc.traces[0].report.processes[0];
    Object.assign(ending, { text: 'unknown', reason: null, status: null, max_rss_bytes: null, user_ns: null, system_ns: null });
    Object.assign(doc.traces[0].processes[0], { trees: [], samples: null, memory: { at_ns_d: [], lua_d: [], c_d: [], rss_d: [] }, marks: [] });
    return doc;
}
test('a trace that is cut off before anything of Lua says so, and shows no zeros that nobody counted', async () => {
    const s = await open(file(pageWith(bundle, cutOff())));
    for (const page of ['overview', 'load', 'memory', 'crossings']) {
        await go(s.page, `#${page}`);
        const text = await s.page.locator('main').innerText();
        assert.match(text, /What Lua did is not in what is left of this trace\./, page);
        assert.doesNotMatch(text, /^0$/m, page);
    }
    await s.done();
});
test('a difference to a trace that was cut off is none: nothing is new there, and no number is zero', async () => {
    const doc = cutOff();
    doc.traces.push(makeDocument().traces[0]);
    for (const side of ['before', 'after']) {
        doc.compare = side === 'before' ? [0, 1] : [1, 0];
        const s = await open(file(pageWith(bundle, doc)));
        for (const numbers of ['whole', 'modules', 'C functions']) {
            await go(s.page, `#diff?numbers=${encodeURIComponent(numbers)}`);
            const text = await s.page.locator('main').innerText();
            assert.match(text, new RegExp(`The trace ${side} is not complete \\(the file is cut off`), numbers);
            assert.match(text, new RegExp(`There are no stacks of ${side} to compare`), numbers);
            const table = await s.page.getByRole('table', { name: `numbers of ${numbers}` }).innerText();
            assert.match(table, new RegExp(`${side} \\(incomplete\\)`), numbers);
            assert.match(table, /^–$/m, numbers);
            if (numbers === 'whole')
                for (const name of ['CPU time of the process', 'resident at most'])
                    assert.match(table, new RegExp(`${name}\n(–\n[\\d.,]+ \\w+|[\\d.,]+ \\w+\n–)\n–\n–`));
            if (numbers === 'whole') assert.match(table, /calls from Lua into C\n(–\n[\d,]+|[\d,]+\n–)\n–\n–/);
            else assert.doesNotMatch(table, /^(0|new|[−+]\d.*)$/m, numbers);
        }
        await s.done();
    }
});
/** What the page's own policy does not forbid: WORKER may be left out, as by somebody's proxy. */
async function underPolicy(worker, look) {
    const html = pageWith(bundle, makeDocument());
    const hash = tag => {
        const body = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(html)[1];
        return `'sha256-${createHash('sha256').update(body).digest('base64')}'`;
    };
    const policy = `default-src 'none'; script-src ${hash('script')}; style-src ${hash('style')}; img-src data: blob:; ${worker}base-uri 'none'; form-action 'none'`;
    const server = createServer((_, answer) => answer.writeHead(200, { 'Content-Type': 'text/html', 'Content-Security-Policy': policy }).end(html));
    await new Promise(r => server.listen(0, '127.0.0.1', r));
    try {
        const s = await open(`http://127.0.0.1:${server.address().port}/`);
        for (const page of PAGES) await go(s.page, `#${page}`);
        await look(s);
        assert.deepEqual(s.seen.errors, []);
        await s.done();
    } finally {
        server.close();
    }
}
const reader = s => s.page.evaluate(() => document.documentElement.dataset.reader);
test('the page works under a policy that allows its own script, style and worker only', () =>
    underPolicy('worker-src blob:; ', async s => {
        const [download] = await Promise.all([s.page.waitForEvent('download'), (await go(s.page, '#load?view=table'), s.page.getByRole('button', { name: 'Save modules as CSV' }).click())]);
        assert.equal(download.suggestedFilename(), 'modules.csv');
        assert.deepEqual(s.seen.console, [], 'no violation is reported');
        assert.equal(await reader(s), 'worker');
    }));
test('where no worker is allowed the page reads its data itself', () =>
    underPolicy('', async s => {
        assert.equal(await reader(s), 'page');
        assert.ok((await s.page.locator('.figure').count()) + (await s.page.locator('.card').count()) > 0);
    }));

await finish(close);
