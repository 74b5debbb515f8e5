// Each page with traces of programs that ran just now: its numbers are those of `modprof report --format json`.
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { close, csvOf, folder, go, open, settled } from './browser.mjs';
import { makeDocument, pageWith } from './synthetic.mjs';
import { HOSTILE, ldoc, modprof, pageOf, planted, record, report, served, start } from './traces.mjs';
import { assert, finish, test } from './tap.mjs';

const traceA = planted('planted', 1);
const traceB = planted('later', 3);
const traceL = ldoc();
const [a, b, l] = [traceA, traceB, traceL].map(t => report(t).processes[0]);
const url = pageOf([traceA], ['--with-source']);
const ldocUrl = pageOf([traceL]);
const A = await open(url);
const L = await open(ldocUrl);

/** The exact amount that a figure's title tells. */
async function figure(page, label) {
    const title = await page.locator('.figure', { hasText: label }).first().getAttribute('title');
    return Number(title.replace(/[^\d]/g, ''));
}
const sameRows = (rows, wanted, what) => {
    const text = r => JSON.stringify(r);
    assert.deepEqual(rows.map(text).sort(), wanted.map(text).sort(), what);
};

test('the first page tells what ran, in the numbers of the report', async () => {
    await go(A.page, '#overview');
    assert.match(await A.page.locator('.command').innerText(), /lua5\.4 main\.lua 1/);
    assert.equal(await figure(A.page, 'ran'), a.duration_ns);
    assert.equal(await figure(A.page, 'Lua memory at peak'), a.overview.lua_peak_bytes);
    assert.equal(await figure(A.page, 'loading modules'), a.overview.modules.total_ns);
    assert.equal(await figure(A.page, 'to the first line'), a.overview.cold_start.main_ns);
    assert.match(await A.page.locator('#coverage').innerText(), /covered Lua 5\.4.* in \/usr\/bin\/lua5\.4/);
});
test('what is worth knowing leads to where it is shown', async () => {
    const facts = A.page.locator('.facts a');
    const n = await facts.count();
    assert.ok(n >= 3 && n <= 5, `${n} facts`);
    for (let i = 0; i < n; i++) {
        await go(A.page, '#overview');
        await facts.nth(i).click();
        await settled(A.page);
        assert.ok((await A.page.locator('main .card').count()) > 0);
        assert.doesNotMatch(A.page.url(), /#overview$/, await A.page.url());
    }
});
test('functions have the self and total time of the report', async () => {
    await go(L.page, '#flame?metric=cpu');
    const rows = await csvOf(L.page, 'functions by cpu');
    assert.ok(l.cpu.functions.length > 20);
    sameRows(
        // The report lists those that took time themselves.
        rows.filter(r => r.self !== '0').map(r => [r.function, Number(r.self), Number(r.total)]),
        l.cpu.functions.map(f => [f.label, f.self_ns, f.total_ns]),
    );
});
test('lines have the self and total time of the report', async () => {
    await go(L.page, '#flame?metric=cpu&by=line');
    const rows = (await csvOf(L.page, 'lines by cpu')).filter(r => r.kind === 'Lua' && r.self !== '0');
    sameRows(
        rows.map(r => [r.line, Number(r.self), Number(r.total)]),
        l.cpu.lines.map(f => [f.label, f.self_ns, f.total_ns]),
    );
});
test('a click zooms in, Back leads out, and the address keeps the view', async () => {
    await go(L.page, '#flame?metric=cpu');
    const box = await L.page.locator('.flame-scroll').boundingBox();
    await L.page.mouse.click(box.x + box.width / 4, box.y + 20 * 5.5);
    await settled(L.page);
    assert.match(L.page.url(), /zoom=[\d.]+/);
    const zoomed = L.page.url();
    const said = await L.page.locator('.flame-line').first().innerText();
    const other = await open(zoomed);
    await settled(other.page);
    assert.equal(new URL(other.page.url()).hash, new URL(zoomed).hash);
    assert.ok((await other.page.locator('.flame-line').first().innerText()).split(':')[0], said.split(':')[0]);
    await other.done();
    await L.page.goBack();
    await settled(L.page);
    assert.doesNotMatch(L.page.url(), /zoom=/);
});
test('search says what share the frames found have', async () => {
    await go(L.page, '#flame?metric=cpu');
    await L.page.keyboard.press('/');
    await L.page.keyboard.type('string.find');
    await settled(L.page);
    const said = await L.page.locator('.found').innerText();
    const want = l.cpu.functions.find(f => f.label === 'string.find');
    assert.match(said, /^1 function found/);
    assert.ok(said.includes(`${((100 * want.total_ns) / l.cpu.time_ns).toFixed(1)} %`), said);
    assert.match(L.page.url(), /q=string\.find/);
    await L.page.keyboard.press('Escape');
});
test('a sandwich shows callers and callees of a function', async () => {
    await go(L.page, '#flame?metric=cpu');
    await L.page.locator('.tr', { hasText: 'string.find' }).first().click();
    await settled(L.page);
    assert.match(L.page.url(), /focus=string\.find/);
    assert.equal(await L.page.getByRole('application', { name: /^Callers of string\.find/ }).count(), 1);
    assert.equal(await L.page.getByRole('application', { name: /^Callees of string\.find/ }).count(), 1);
});
test('the keyboard walks through the flame graph and opens a frame', async () => {
    await go(L.page, '#flame?metric=cpu');
    await L.page.locator('.flame-scroll').focus();
    for (let i = 0; i < 7; i++) await L.page.keyboard.press('ArrowDown');
    const said = await L.page.locator('.flame-line').first().innerText();
    assert.doesNotMatch(said, /^all CPU time/);
    await L.page.keyboard.press('Enter');
    await settled(L.page);
    assert.match(L.page.url(), /zoom=/);
    await L.page.keyboard.press('s');
    await settled(L.page);
    assert.match(L.page.url(), /focus=/);
});
test('parts of the time add up to the whole, and what a thread did filters', async () => {
    await go(L.page, '#flame?metric=cpu');
    const total = async () => {
        const rows = await csvOf(L.page, 'functions by cpu');
        return rows.reduce((s, r) => s + Number(r.self), 0);
    };
    const whole = await total();
    assert.equal(whole, l.cpu.time_ns);
    const middle = Math.round(l.duration_ns / 2);
    for (const [what, ns] of Object.entries(l.cpu.state_ns)) {
        await go(L.page, `#flame?metric=cpu&what=${what}`);
        if (ns === 0) assert.match(await L.page.locator('main').innerText(), /Nothing of this metric is left/);
        else assert.equal(await total(), ns, what);
    }
    await go(L.page, `#flame?metric=cpu&to=${middle}`);
    const first = await total();
    assert.ok(first > 0 && first < whole, `${first} of ${whole}`);
});
test('loads are those of the report, phase by phase', async () => {
    await go(A.page, '#load?view=table');
    const rows = await csvOf(A.page, 'modules');
    sameRows(
        rows.map(r => [r.module, ...['total', 'self', 'resolve', 'read', 'compile', 'run', 'tried', 'Lua heap', 'source'].map(c => Number(r[c]))]),
        a.modules.map(m => [
            m.name, m.total_ns, m.self_ns, m.phases_ns.resolve ?? 0, m.phases_ns.read ?? 0, m.phases_ns.compile ?? 0, m.run_self_ns,
            m.tried.length, m.lua_self_bytes, m.source_bytes,
        ]),
    );
});
test('the waterfall shows the tree of loads, folds, and tells about a module', async () => {
    await go(A.page, '#load');
    const rows = A.page.locator('.tr');
    const all = await rows.count();
    const indent = name => rows.filter({ hasText: name }).first().locator('> div').first().evaluate(e => parseFloat(getComputedStyle(e).paddingLeft));
    assert.ok((await indent('lib.deep')) > (await indent('lib.top')));
    await A.page.getByRole('button', { name: 'Fold lib.top' }).click();
    await settled(A.page);
    assert.equal(await rows.count(), all - 1);
    await A.page.getByRole('button', { name: 'Unfold lib.top' }).click();
    await rows.filter({ hasText: 'lib.missing' }).first().click();
    await settled(A.page);
    const chosen = await A.page.locator('#chosen').innerText();
    const missing = a.modules.find(m => m.name === 'lib.missing');
    assert.match(chosen, /lib\.missing/);
    assert.ok(chosen.includes(`${missing.tried.length} files tried`), chosen);
});
test('files looked for in vain are all listed', async () => {
    await go(A.page, '#load?view=misses');
    const rows = await csvOf(A.page, 'files looked for in vain');
    const wanted = a.modules.flatMap(m => m.tried.filter(t => t.errno).map(t => [t.path, m.name, t.errno, t.duration_ns]));
    assert.ok(wanted.length >= 8);
    sameRows(rows.map(r => [r.file, r['for module'], Number(r.error), Number(r.time)]), wanted);
});
test('memory is that of the report', async () => {
    await go(A.page, '#memory');
    assert.equal(await figure(A.page, 'Lua at peak'), a.overview.lua_peak_bytes);
    assert.equal(await figure(A.page, 'allocated by Lua'), a.allocations.lua.bytes);
    const kinds = await csvOf(A.page, 'allocations by kind');
    sameRows(kinds.map(r => [r.kind, Number(r.blocks), Number(r.bytes)]), a.allocations.lua.kinds.map(k => [k.kind, k.blocks, k.bytes]));
    const sizes = await csvOf(A.page, 'allocations by size');
    sameRows(sizes.map(r => [Number(r.made), Number(r.gone), Number(r.left)]), a.allocations.lua.size_classes.map(c => [c.blocks, c.gone, c.left]));
    const objects = await csvOf(A.page, 'C allocation');
    sameRows(
        objects.map(r => [r['library or program'], Number(r.blocks), Number(r.requested), Number(r.freed)]),
        a.allocations.c.objects.map(o => [o.object, o.blocks, o.requested_bytes, o.freed]),
    );
    const states = await csvOf(A.page, 'Lua states');
    assert.deepEqual(states.map(s => Number(s.peak)), a.allocations.lua.states.map(s => s.peak_bytes));
});
test('what C gave back of before counting began is no negative memory', async () => {
    const allocations = { ...a.allocations, c: { ...a.allocations.c, covered: true, live_bytes: -2048 } };
    const path = join(folder(), 'less.html');
    writeFileSync(path, pageWith(readFileSync(join(process.env.BUILD, 'viewer', 'page.html'), 'utf8'), makeDocument({ report: { allocations } })));
    const s = await open(pathToFileURL(path).href);
    await go(s.page, '#memory');
    assert.match(await s.page.locator('.figures').first().innerText(), /2\.00 KiB less\s*C at the end/);
    assert.deepEqual(s.seen.errors, []);
    await s.done();
});
test('estimates of memory have their errors beside them, exact figures have none', async () => {
    const program = { 'made.lua': 'kept = {} for i = 1, 3000 do kept[i] = { i } end local s = "" for i = 1, 300 do s = s .. i end\n' };
    for (const [how, shown] of [['sample:4k', true], ['exact', false]]) {
        const trace = record(`errors-${how.slice(0, 5)}`, ['lua5.4', 'made.lua'], { MODPROF_ALLOC: how }, program);
        const s = await open(pageOf([trace]));
        await go(s.page, '#memory');
        const rows = await csvOf(s.page, 'lua memory by lines');
        const wanted = report(trace).processes[0].memory.lua.lines;
        assert.ok(rows.length > 0);
        assert.equal('± held' in rows[0], shown, how);
        assert.equal(await s.page.getByText('estimates, whose standard error').count(), shown ? 1 : 0);
        if (shown)
            sameRows(
                rows.map(r => [r.label, Number(r.held), Number(r['± held']), Number(r['± made'])]),
                wanted.map(w => [w.label, w.held_bytes, w.held_error_bytes, w.made_error_bytes]),
            );
        await s.done();
    }
});
test('where allocations were sampled it is said how small a leak is not seen', async () => {
    const program = { 'churn.lua': 'collectgarbage("incremental") for i = 1, 2e5 do local t = { i } end' };
    for (const [how, said] of [
        ['sample:64k', 'A leak of less than 576 KiB has too few samples to be seen'],
        ['exact', 'A leak of C memory of less than 4.50 MiB has too few samples to be seen'],
        ['exact,c-exact', null],
    ]) {
        const trace = record(`least-${how.replace(/\W/g, '')}`, ['lua5.4', 'churn.lua'], { MODPROF_ALLOC: how }, program);
        const s = await open(pageOf([trace]));
        await go(s.page, '#memory');
        const text = await s.page.locator('.card', { hasText: 'Leaks' }).first().innerText();
        assert.equal(text.includes('too few samples to be seen'), said !== null, how);
        if (said !== null) assert.ok(text.includes(said), `${how}: ${text}`);
        await s.done();
    }
});
test('what grew between marks, and what the collector did, is as the report says', async () => {
    const trace = record('marks', ['lua5.4', 'marks.lua'], { MODPROF_MARKS: '1', MODPROF_ALLOC: 'exact' }, {
        'marks.lua': `
collectgarbage("incremental")
local kept = {}
local last = { __gc = function() end }
setmetatable({}, last)
kept.open = setmetatable({}, last)
modprof.mark("begin")
for i = 1, 1000 do kept[i] = { i, tostring(i) } end
modprof.mark("built")
for i = 1, 20000 do local t = { i } end
for i = 501, 1000 do kept[i] = nil end
collectgarbage()
modprof.mark("halved")
`,
    });
    const s = await open(pageOf([trace]));
    for (const [at, from, to] of [[0, 'begin', 'built'], [1, 'built', 'halved'], [2, 'begin', 'halved']]) {
        const wanted = JSON.parse(modprof(['report', '--growth', from, to, '--format', 'json', '--top', 'all', trace], trace)).processes[0].growth;
        assert.ok(wanted.rows.length > 0, 'something grew');
        await go(s.page, `#memory?growth=${at}`);
        const rows = await csvOf(s.page, 'growth');
        sameRows(
            rows.map(r => [r.line, Number(r['grown by']), Number(r.blocks), Number(r.before), Number(r.after)]),
            wanted.rows.map(r => [r.label, r.to_bytes - r.from_bytes, r.to_blocks - r.from_blocks, r.from_bytes, r.to_bytes]),
            `${from} ${to}`,
        );
    }
    const gc = report(trace).processes[0].collector;
    assert.equal(gc.full, 1);
    assert.equal(await figure(s.page, 'in the collector'), gc.total_ns);
    assert.equal(await figure(s.page, 'longest pause'), gc.longest_ns);
    for (const [label, id] of [['finalizers', 'finalizers'], ['finalizers at close', 'finalizers_at_close'], ['charged to stacks', 'charged_ns']]) {
        assert.ok(gc[id] > 0, `${id} is ${gc[id]}`);
        assert.equal(await figure(s.page, label), gc[id], id);
    }
    assert.deepEqual((await csvOf(s.page, 'pauses')).map(r => [Number(r['shorter than']), Number(r.pauses)]), gc.pauses.map(r => [r.below_ns, r.n]));
    assert.equal((await csvOf(s.page, 'collections')).length, gc.cycle_list.length);
    await go(s.page, '#timeline');
    const happened = (await csvOf(s.page, 'happenings')).filter(r => r.lane.startsWith('collections'));
    assert.equal(happened.length, gc.cycle_list.length);
    assert.ok(happened.some(r => /^full collection, freed/.test(r.what)));
    await s.done();
});
test('crossings are those of the report, and the planted calls are there', async () => {
    await go(A.page, '#crossings');
    const rows = await csvOf(A.page, 'C functions');
    sameRows(rows.map(r => [r['C function'], Number(r.calls), Number(r.callbacks)]), a.crossings.functions.map(f => [f.label, f.lua_to_c.calls, f.c_to_lua.calls]));
    assert.equal(rows.find(r => r['C function'] === 'math.abs').calls, '10007');
});
test('the matrix of callers holds all time in C', async () => {
    await go(L.page, '#crossings');
    const [download] = await Promise.all([
        L.page.waitForEvent('download'),
        L.page.getByRole('button', { name: 'Save the whole matrix as CSV' }).click(),
    ]);
    assert.equal(download.suggestedFilename(), 'crossings.csv');
    const shown = await L.page.locator('.matrix tbody tr').count();
    assert.ok(shown >= 3, `${shown} rows`);
    assert.ok((await L.page.locator('.matrix .heat').count()) >= 3);
});
test('the time line zooms by keys and by happenings, and leads to the flame graph of its stretch', async () => {
    await go(L.page, '#timeline');
    const all = await csvOf(L.page, 'happenings');
    for (const m of l.modules) assert.ok(all.some(r => r.what === m.name), m.name);
    await L.page.locator('.lanes').focus();
    await L.page.keyboard.press('+');
    await settled(L.page);
    const from = Number(/from=(\d+)/.exec(L.page.url())[1]);
    const to = Number(/to=(\d+)/.exec(L.page.url())[1]);
    assert.ok(Math.abs(to - from - l.duration_ns / 2) < 2, `${from} ${to}`);
    await L.page.keyboard.press('ArrowRight');
    await settled(L.page);
    assert.ok(Number(/from=(\d+)/.exec(L.page.url())[1]) > from);
    await L.page.getByRole('link', { name: 'flame graph of this stretch' }).click();
    await settled(L.page);
    assert.match(L.page.url(), /#flame\?.*from=\d+.*to=\d+/);
});
test('samples of coroutines are told by what they run, and add up with those outside to the whole', async () => {
    const s = await open(pageOf([traceB]));
    await go(s.page, '#timeline');
    const rows = await csvOf(s.page, 'coroutines');
    assert.equal(rows.length, 1, 'the program makes one');
    assert.match(rows[0]['function that they run'], /main\.lua:\d+/);
    assert.match(await s.page.locator('main').innerText(), /lua_resume was called 200 times/);
    const total = async () => {
        const nothing = await s.page.getByText('Nothing of this metric is left').count(); // all of it may be inside
        return nothing ? 0 : (await csvOf(s.page, 'functions by cpu')).reduce((sum, r) => sum + Number(r.self), 0);
    };
    await s.page.getByRole('table', { name: 'coroutines' }).getByRole('link').first().click();
    await settled(s.page);
    const inside = await total();
    assert.equal(inside, Number(rows[0]['CPU time']));
    await go(s.page, '#flame?coroutine=0');
    assert.equal(inside + (await total()), b.cpu.time_ns);
    await s.done();
});
test('several coroutines of one function are told apart', async () => {
    const trace = record('several', ['lua5.4', 'several.lua'], { MODPROF_CPU: '999' }, {
        'several.lua': `
local function spin(n) local s = 0 for i = 1, n do s = s + i % 7 end return s end
local function work(n) while true do coroutine.yield(spin(n)) end end
local few, many = coroutine.create(work), coroutine.create(work)
for _ = 1, 60 do
    assert(coroutine.resume(few, 600000))
    assert(coroutine.resume(many, 2400000))
end
`,
    });
    const cpu = report(trace).processes[0].cpu;
    const s = await open(pageOf([trace]));
    await go(s.page, '#timeline');
    const functions = await csvOf(s.page, 'coroutines');
    assert.equal(functions.length, 1, 'both run one function');
    const single = await csvOf(s.page, 'single coroutines');
    assert.equal(single.length, 2);
    const times = single.map(r => Number(r['CPU time']));
    assert.equal(times[0] + times[1], Number(functions[0]['CPU time']));
    assert.ok(times[0] > 2 * times[1], `${times} of ${cpu.time_ns}: one works four times as much`);
    await s.page.getByRole('table', { name: 'single coroutines' }).getByRole('link').first().click();
    await settled(s.page);
    assert.match(s.page.url(), /coroutine=\d+&instance=\d+/);
    assert.equal((await csvOf(s.page, 'functions by cpu')).reduce((sum, r) => sum + Number(r.self), 0), times[0]);
    await s.done();
});
test('budgets show verdicts, and the broken one says what the file says of it', async () => {
    await go(A.page, '#budgets');
    const rows = await csvOf(A.page, 'budgets');
    assert.equal(rows.length, 3);
    const text = await A.page.locator('main').innerText();
    assert.match(text, /fail/);
    const broken = rows.find(r => r.rule.includes('math.abs') || r.says.includes('math.abs'));
    assert.equal(broken.measured, '10007');
    assert.equal(broken.limit, '10000');
    assert.ok(broken.says.includes('too many <b>calls</b>'), broken.says);
    assert.equal(await A.page.locator('main b').count(), 0, 'a message is text, not markup');
});
test('earlier runs that bench kept are shown with their values', async () => {
    for (let i = 0; i < 2; i++) modprof(['bench', '--save', '-n', '2', '-w', '0', '-m', 'crossings.down,lua.peak', '--', 'lua5.4', 'main.lua', '1'], traceA);
    const h = await open(`${pageOf([traceA])}#budgets`);
    await settled(h.page);
    const kept = JSON.parse(modprof(['history', '-m', 'crossings.down', '--format', 'json'], traceA));
    const rows = await csvOf(h.page, 'history');
    const row = rows.find(r => r.metric === 'crossings.down');
    assert.equal(row.runs, '2');
    assert.ok(JSON.stringify(kept).includes(`:${row.last}`), row.last);
    assert.equal(await h.page.getByRole('img', { name: /^crossings\.down in 2 runs/ }).count(), 1);
    assert.deepEqual(h.seen.errors, []);
    await h.done();
});
test('the difference of two traces is the difference of their reports', async () => {
    const d = await open(`${pageOf([traceA], ['--diff', traceB])}#diff?numbers=C%20functions`);
    await settled(d.page);
    const rows = await csvOf(d.page, 'numbers of C functions');
    const abs = rows.find(r => r['C functions'] === 'math.abs');
    assert.deepEqual([abs.before, abs.after, abs.change], ['10007', '30021', '20014']);
    const changes = await csvOf(d.page, 'changes by function');
    const ns = (p, label) => p.cpu.functions.filter(f => f.label === label).reduce((s, f) => s + f.self_ns, 0);
    const spin = changes.find(r => /spin/.test(r.function));
    assert.deepEqual([Number(spin['self before']), Number(spin['self after'])], [ns(a, spin.function), ns(b, spin.function)]);
    await d.page.getByRole('button', { name: 'widths of before' }).click();
    await settled(d.page);
    assert.match(d.page.url(), /side=before/);
    await d.page.getByRole('button', { name: 'swap' }).click();
    await settled(d.page);
    const swapped = await csvOf(d.page, 'numbers of C functions');
    assert.equal(swapped.find(r => r['C functions'] === 'math.abs').change, '-20014');
    assert.deepEqual(d.seen.errors, []);
    await d.done();
});
test('one trace alone has no difference, and the page says what to do', async () => {
    await go(A.page, '#diff');
    assert.match(await A.page.locator('main').innerText(), /only one trace.*modprof view before\.mprof after\.mprof/s);
});
test('source lines stand beside what they cost', async () => {
    await go(A.page, '#source');
    const text = await A.page.locator('.source').innerText();
    assert.match(text, /s = s \+ i % 7/);
    const hot = a.cpu.lines.reduce((x, y) => (y.self_ns > x.self_ns ? y : x));
    assert.match(hot.file, /deep\.lua$/);
    const title = await A.page.locator('.source-line.at').getAttribute('title');
    const sum = a.cpu.lines.filter(x => x.file === hot.file && x.line === hot.line).reduce((s, x) => s + x.self_ns, 0);
    assert.equal(Number(/itself ([\d,]+)/.exec(title)[1].replace(/,/g, '')), sum);
});
test('no number is cut off, and no heading above numbers', async () => {
    for (const { page } of [A, L])
        for (const hash of ['flame', 'flame?by=module', 'load', 'load?view=table', 'load?view=misses', 'memory', 'memory?heap=C', 'crossings', 'timeline']) {
            await go(page, `#${hash}`);
            const cut = await page.locator('.tr .num, .thead .num, .thead .num button').evaluateAll(cells =>
                cells.filter(c => c.scrollWidth > c.clientWidth + 1).map(c => `${c.closest('[role=table]').getAttribute('aria-label')}: ${c.textContent}`));
            assert.deepEqual(cut, [], hash);
        }
});
test('tables sort, filter and copy', async () => {
    await go(A.page, '#load?view=table');
    await A.page.getByRole('button', { name: 'module', exact: true }).click();
    await settled(A.page);
    assert.equal(await A.page.locator('[role=columnheader][aria-sort=ascending]').count(), 1);
    const names = await A.page.locator('.tr > div:first-child').allInnerTexts();
    assert.ok(names.length > 5);
    assert.equal([...names].sort((x, y) => x.localeCompare(y, 'en', { numeric: true })).join('\n'), names.join('\n'));
    await A.page.getByRole('searchbox', { name: 'Filter modules' }).fill('lib.');
    await settled(A.page);
    const some = await csvOf(A.page, 'modules');
    sameRows(some.map(r => r.module), a.modules.filter(m => m.name.includes('lib.') || (m.load ?? '').includes('lib.')).map(m => m.name));
    await A.page.context().grantPermissions(['clipboard-read', 'clipboard-write']).catch(() => {});
    await A.page.getByRole('button', { name: 'Copy modules' }).click();
    await A.page.getByText('copied').waitFor();
});
test('shortcuts lead to pages and are listed', async () => {
    await go(A.page, '#overview');
    await A.page.locator('body').click({ position: { x: 2, y: 2 } });
    await A.page.keyboard.press('3');
    await settled(A.page);
    assert.match(A.page.url(), /#load/);
    await A.page.keyboard.press('?');
    const help = A.page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await help.waitFor();
    for (const title of ['Overview', 'Flame', 'Time line', 'Source']) assert.ok((await help.innerText()).includes(title), title);
    await A.page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });
});
test('hostile names stay text everywhere', async () => {
    for (const hash of ['#load', '#load?view=table', '#timeline', '#flame?metric=load', '#load?view=misses']) {
        await go(A.page, hash);
        await settled(A.page);
        assert.equal(await A.page.evaluate(() => window.hacked), undefined, hash);
        assert.equal(await A.page.locator('main img').count(), 0, hash);
    }
    await go(A.page, '#load?view=table');
    assert.ok((await csvOf(A.page, 'modules')).some(r => r.module === HOSTILE));
    assert.ok((await A.page.locator('main').innerText()).includes(HOSTILE));
});
test('pages ask for nothing outside of the file, and complain about nothing', async () => {
    for (const s of [A.seen, L.seen]) {
        assert.deepEqual(s.requests.filter(r => !r.startsWith('data:') && !r.startsWith('blob:')), []);
        assert.deepEqual(s.errors, []);
        assert.deepEqual(s.console, []);
    }
});
test('the page of the ldoc trace is smaller than 1.5 MiB', () => {
    const bytes = statSync(fileURLToPath(ldocUrl)).size;
    console.log(`# page of the ldoc trace: ${(bytes / 1024).toFixed(0)} KiB`);
    assert.ok(bytes < 1.5 * 2 ** 20, `${bytes}`);
});
test('modprof view serves the same page, and it asks its own server only', async () => {
    await served(['--with-source', traceA], async address => {
        const s = await open(`${address}#load?view=table`);
        await s.page.getByRole('button', { name: 'Save modules as CSV' }).waitFor();
        const rows = await csvOf(s.page, 'modules');
        sameRows(rows.map(r => [r.module, Number(r.self)]), a.modules.map(m => [m.name, m.self_ns]));
        assert.deepEqual(s.seen.requests.filter(r => !r.startsWith(address) && !/^(data|blob):/.test(r)), []);
        assert.deepEqual(s.seen.errors, []);
        assert.deepEqual(s.seen.console, []);
        await s.done();
    });
});
test('a program that still runs is shown as it goes on', async () => {
    const program = "for line in io.lines() do for _ = 1, 1000 do math.abs(-1) end if line == 'end' then break end end";
    const { child, trace } = start('going', ['lua5.4', '-e', program]);
    let lines = 0;
    // What was counted is written now and then, by a program that does something.
    const feeding = setInterval(() => {
        lines++;
        child.stdin.write('on\n');
    }, 100);
    try {
        await served([trace], async address => {
            const s = await open(`${address}#overview`);
            const shown = s.page.locator('.figure', { hasText: 'calls from Lua into C' }).first();
            const calls = async () => Number(/^[\d,]+/.exec(await shown.innerText())[0].replace(/,/g, ''));
            const first = await calls();
            while ((await calls()) === first) await settled(s.page);
            clearInterval(feeding);
            child.stdin.end('end\n');
            await s.page.getByText('exit status 0').waitFor({ timeout: 60_000 });
            assert.equal(await calls(), report(trace).processes[0].crossings.lua_to_c);
            assert.ok((await calls()) > (lines + 1) * 1000);
            assert.deepEqual(s.seen.errors, []);
            await s.done();
        });
    } finally {
        clearInterval(feeding);
        child.kill('SIGKILL');
    }
});

await finish(close);
