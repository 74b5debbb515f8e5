// Import, model and layout of the viewer, without a browser.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { makeDocument } from './synthetic.mjs';
import { assert, finish, test } from './tap.mjs';

const require = createRequire(new URL('../../viewer/package.json', import.meta.url));
const { build } = require('esbuild');
const source = new URL('../../viewer/src/', import.meta.url).pathname;
const dir = mkdtempSync(join(tmpdir(), 'modprof-model-'));
const names = {
    page: 'import/page', carrier: 'import/carrier', merge: 'model/merge', tree: 'model/tree', filter: 'model/filter',
    diff: 'model/diff', units: 'model/units', search: 'model/search', matrix: 'model/matrix', flame: 'layout/flame',
    waterfall: 'layout/waterfall', loadTime: 'layout/load_time', activity: 'layout/activity', ticks: 'layout/ticks',
    route: 'app/route', csv: 'widgets/csv', annotate: 'model/annotate', coroutines: 'model/coroutines', facts: 'model/facts', buffers: 'model/buffers', colours: 'draw/colours',
    sketch: 'app/sketch', lanes: 'layout/lanes',
};
await build({
    stdin: {
        contents: Object.entries(names).map(([n, f]) => `export * as ${n} from ${JSON.stringify(source + f)};`).join('\n'),
        resolveDir: source,
    },
    bundle: true, format: 'esm', outfile: join(dir, 'all.mjs'), logLevel: 'error',
});
const v = await import(pathToFileURL(join(dir, 'all.mjs')).href);

/** A document with just these stacks: [["a;b", weight], ...]; "c:" before a name makes it a C function, "v:" Lua itself, "n:" a note;
 * line 7 of each. */
function stacksDocument(lines, more = {}) {
    const doc = makeDocument({ nodes: 2, samples: 0, modules: 2, functions: 2, ...more });
    const p = doc.traces[0].processes[0];
    const strings = [''];
    const fn = { kind: [], label: [], module: [], file: [], line: [] };
    const known = new Map();
    const frameOf = name => {
        if (!known.has(name)) {
            const [, kind, label] = /^(?:(\w):)?(.*)$/.exec(name);
            known.set(name, fn.kind.length);
            fn.kind.push({ c: 1, v: 2, n: 4 }[kind] ?? 0);
            fn.label.push(strings.push(label) - 1);
            fn.module.push(strings.push(label.split('.')[0]) - 1);
            fn.file.push(strings.push(`/src/${label.split('.')[0]}.lua`) - 1);
            fn.line.push(1);
        }
        return known.get(name);
    };
    const root = { children: new Map(), frame: 0, self: 0 };
    for (const [stack, weight] of lines) {
        let at = root;
        for (const name of stack.split(';')) {
            if (!at.children.has(name)) at.children.set(name, { children: new Map(), frame: frameOf(name), self: 0 });
            at = at.children.get(name);
        }
        at.self += weight;
    }
    const tree = { id: 'code', up: [], frame: [], metrics: [{ id: 'cpu', unit: 'ns', node_d: [], self: [] }] };
    let last = 0;
    const walk = (node, parent) => {
        const i = tree.up.length;
        tree.up.push(i - parent);
        tree.frame.push(node.frame);
        if (node.self) {
            tree.metrics[0].node_d.push(i - last);
            last = i;
            tree.metrics[0].self.push(node.self);
        }
        for (const c of node.children.values()) walk(c, i);
    };
    walk(root, 0);
    Object.assign(p, {
        strings, functions: fn, frames: { function: fn.kind.map((_, i) => i), line: fn.kind.map(k => (k === 0 ? 7 : 0)) },
        trees: [tree], samples: null,
    });
    return doc;
}

function shaped(lines, by = 'function') {
    const p = v.page.importPage(stacksDocument(lines)).traces[0].processes[0];
    const keys = v.merge.makeKeys(p.frames, by);
    const shape = v.merge.makeShape(p.metrics[0].stacks, keys);
    return { p, keys, shape, w: v.merge.weigh(shape, p.metrics[0].self) };
}

/** Those that weigh anything, heaviest first. */
function childrenOf(tree, node) {
    return Array.from({ length: tree.childN(node) }, (_, i) => tree.child(node, i))
        .filter(c => tree.total(c) > 0)
        .sort((a, b) => tree.total(b) - tree.total(a) || a - b);
}
/** A tree as text: label total(children...), heaviest first. */
function text(tree, node = tree.root) {
    const k = tree.key(node);
    const below = childrenOf(tree, node).map(c => text(tree, c)).join(' ');
    return `${k < 0 ? '*' : tree.keys.label[k]} ${tree.total(node)}${below && `(${below})`}`;
}
const sentence = fn => {
    try {
        fn();
    } catch (e) {
        assert.ok(e instanceof v.carrier.ImportError, `not a sentence for people: ${e?.stack}`);
        return e.message;
    }
    return assert.fail('nothing was found to be wrong');
};

test('merging adds up what is the same below the same', () => {
    const { shape, w } = shaped([['a;b', 3], ['a;c', 5], ['d', 1]]);
    assert.equal(text(v.tree.downTree(shape, w)), '* 9(a 8(c 5 b 3) d 1)');
});
test('by module a module that calls itself is one frame', () => {
    const { shape, w } = shaped([['m.a;m.b;k.c;m.d', 4], ['m.a', 1]], 'module');
    assert.equal(text(v.tree.downTree(shape, w)), '* 5(m 5(k 4(m 4)))');
});
test('by module notes are left out, and their weight stays with the caller', () => {
    const { shape, w } = shaped([['m.a;n:(cut)', 4], ['m.a;n:(cut);k.b', 2]], 'module');
    assert.equal(text(v.tree.downTree(shape, w)), '* 6(m 6(k 2))');
});
test('the inverted tree begins with what was spent, and adds up to the same', () => {
    const { shape, w } = shaped([['a;x', 3], ['b;x', 4], ['a', 1]]);
    assert.equal(text(v.tree.invertTree(shape, w)), '* 8(x 7(b 4 a 3) a 1)');
});
test('callers and callees count recursion once', () => {
    const { shape, w, keys } = shaped([['a;f;f;g', 3], ['b;f', 4], ['b', 9]]);
    const f = keys.label.indexOf('f');
    assert.equal(text(v.tree.callersTree(shape, w, f)), '* 7(f 7(b 4 a 3))');
    assert.equal(text(v.tree.calleesTree(shape, w, f)), '* 7(f 7(f 3(g 3)))');
    assert.equal(v.tree.byKey(shape, w).total[f], 7);
    assert.equal(v.tree.byKey(shape, w).self[f], 4);
});
test('what the VM does for a Lua function is its own, but not in the tree', () => {
    const { shape, w, keys } = shaped([['a;v:[vm]', 3], ['a', 1], ['a;v:[gc]', 5], ['a;c:f;v:[vm]', 7]]);
    const { self, total } = v.tree.byKey(shape, w);
    assert.deepEqual(Object.fromEntries(keys.label.map((l, k) => [l, [self[k], total[k]]])),
        { a: [4, 16], '[vm]': [7, 10], '[gc]': [5, 5], f: [0, 7] });
    assert.equal(text(v.tree.invertTree(shape, w)), '* 16([vm] 10(f 7(a 7) a 3) [gc] 5(a 5) a 1)');
});
test('lines are named as the report names them', () => {
    const { keys } = shaped([['a.f;b.lua (main chunk);b.lua:3;b.lua:3 [/src/b.lua:3];c:d', 1]], 'line');
    assert.deepEqual(Array.from(keys.label).sort(),
        ['a.f a.lua:7', 'b.lua:3 [/src/b.lua:3] b.lua:7', 'b.lua:7', 'b.lua:7 (main chunk)', 'd'].sort());
});
test('what a search finds is counted once where it is nested', () => {
    const { shape, w, keys } = shaped([['a.x;b;a.y', 3], ['a.y', 4], ['c', 9]]);
    const found = v.search.find(keys, 'a.');
    assert.equal(found.n, 2);
    assert.equal(v.tree.matchedTotal(shape, w, found.matches), 7);
});
test('a search text is taken as it is, an expression between slashes as one', () => {
    const { keys } = shaped([['a.x', 1], ['axx', 1], ['Big', 1]]);
    assert.equal(v.search.find(keys, 'a.x').n, 1 + 0, 'a dot is a dot');
    assert.equal(v.search.find(keys, '/^a.x$/').n, 2);
    assert.equal(v.search.find(keys, 'big').n, 1);
    assert.equal(v.search.find(keys, 'BIG').n, 0);
    assert.match(v.search.find(keys, '/(/').error, /no regular expression/);
});
test('the layout is as wide as its root, and says what it leaves out', () => {
    const lines = Array.from({ length: 5000 }, (_, i) => [`a;f${i}`, 1]);
    const { shape, w } = shaped([...lines, ['b', 5000]]);
    const tree = v.tree.downTree(shape, w);
    const l = v.flame.layoutFlame(tree, 0, 1000, 0.5);
    const boxes = Array.from({ length: l.boxes.n }, (_, i) => v.flame.boxNo(l.boxes, i));
    assert.equal(boxes[0].w, 1000);
    assert.deepEqual(l.narrow, { n: 5000, weight: 5000 });
    const drawn = boxes.filter(b => b.depth === 1);
    assert.equal(drawn.reduce((s, b) => s + b.w, 0), 1000);
    const a = childrenOf(tree, 0).find(c => tree.keys.label[tree.key(c)] === 'a');
    assert.equal(v.flame.layoutFlame(tree, a, 2600, 0.5).narrow.n, 0, 'zooming in reaches them');
    assert.equal(v.flame.boxAt(l, 1, 999).node, drawn[1].node);
    assert.equal(v.flame.boxAt(l, 7, 10), null);
});
test('large trees are laid out as their weights say, from either end and within a function', () => {
    const p = v.page.importPage(makeDocument({ nodes: 3000, samples: 9000, functions: 60 })).traces[0].processes[0];
    const shape = v.merge.shapeOf(p.frames, p.metrics[0].stacks, 'function');
    const w = v.merge.weigh(shape, p.metrics[0].self);
    const { total } = v.tree.byKey(shape, w);
    const hot = total.indexOf(Math.max(...total));
    const trees = () => Object.entries({
        down: v.tree.downTree(shape, w), up: v.tree.invertTree(shape, w),
        callers: v.tree.callersTree(shape, w, hot), callees: v.tree.calleesTree(shape, w, hot),
    });
    // Once more in memory that others have left.
    for (const make of [trees, trees]) for (const [name, tree] of make()) {
        const { boxes, depth, narrow } = v.flame.layoutFlame(tree, 0, 1000, 0.5);
        const many = name === 'down' || name === 'up' ? 100 : 1;
        assert.ok(boxes.n > many && narrow.n > many, `${name}: ${boxes.n} drawn, ${narrow.n} not`);
        for (let d = 1; d < depth; d++)
            for (let i = boxes.start[d]; i < boxes.start[d + 1]; i++) {
                const b = v.flame.boxNo(boxes, i);
                const up = v.flame.boxOf({ boxes }, tree.parent(b.node));
                assert.equal(b.depth, d);
                assert.ok(Math.abs(b.w - (1000 * tree.total(b.node)) / tree.total(0)) < 1e-6 && b.w >= 0.5);
                assert.ok(up.depth === d - 1 && b.x >= up.x - 1e-6 && b.x + b.w <= up.x + up.w + 1e-6, 'it stands within its parent');
                const last = i > boxes.start[d] ? v.flame.boxNo(boxes, i - 1) : null;
                if (last && tree.parent(last.node) === tree.parent(b.node)) assert.ok(last.w >= b.w && Math.abs(last.x + last.w - b.x) < 1e-6, 'heaviest first');
            }
        const everywhere = node => [node, ...childrenOf(tree, node).flatMap(everywhere)];
        const nodes = everywhere(0);
        const own = nodes.reduce((sum, n) => sum + (tree.key(n) < 0 ? 0 : tree.self(n)), 0);
        assert.equal(own, many > 1 ? 9000e6 : total[hot], `${name}: what nodes have of their own is the whole`);
        for (const n of nodes)
            if (tree.key(n) >= 0)
                assert.equal(tree.self(n) + childrenOf(tree, n).reduce((sum, c) => sum + tree.total(c), 0), tree.total(n));
        tree.release?.();
    }
});
test('arrays that are used again are empty, and nobody has one twice', () => {
    const { takeZeros, giveBack } = v.buffers;
    const a = takeZeros(1000).fill(7);
    giveBack(a);
    const b = takeZeros(900);
    assert.equal(b.buffer, a.buffer, 'a roomier one will do');
    assert.deepEqual([b.length, Math.max(...b)], [900, 0]);
    assert.notEqual(takeZeros(900).buffer, b.buffer);
    giveBack(b);
    assert.notEqual(takeZeros(100).buffer, b.buffer, 'nothing small sits on something large');
});
test('time cells of the matrix do not overlap, and C called from no Lua is of the host', () => {
    const { p } = shaped([['m.a;c:string.rep', 3], ['m.a;c:pcall;k.b', 5], ['m.a;c:pcall;k.b;c:string.rep', 2], ['c:os.exit', 1]]);
    const m = v.matrix.crossingMatrix(p.frames, p.metrics[0], p.metrics[0].self);
    const cell = (r, c) => m.cell[m.callers.indexOf(r) * m.functions.length + m.functions.indexOf(c)];
    assert.equal(cell('m', 'string.rep'), 3);
    assert.equal(cell('k', 'string.rep'), 2);
    assert.equal(cell('(the host)', 'os.exit'), 1);
    assert.equal(m.total, 6, 'Lua code that a C function calls is not C');
});
test('the samples of a filter add up to those of none', () => {
    const p = v.page.importPage(makeDocument({ nodes: 500, samples: 4000 })).traces[0].processes[0];
    const m = p.metrics[0];
    const shape = v.merge.shapeOf(p.frames, m.stacks, 'line');
    const sum = f => v.filter.filteredWeights(shape, m, p.samples, f).total[0];
    assert.equal(sum({}), 4000e6);
    assert.equal([4711, 4712, 4713].reduce((s, t) => s + sum({ thread: t }), 0), 4000e6);
    assert.equal(p.samples.what.reduce((s, w) => s + sum({ what: w }), 0), 4000e6);
    assert.equal([0, 1, 2, 3].reduce((s, c) => s + sum({ coroutine: c }), 0), 4000e6);
    const half = p.samples.log.bucketNs * 1000;
    assert.equal(sum({ to: half }) + sum({ from: half }), 4000e6);
    assert.equal(sum({ thread: 99 }), 0);
    const whole = v.activity.layoutActivity(p.samples, 0, p.report.duration_ns, 300, { metric: 0 });
    assert.ok(Math.abs(whole.value.reduce((s, x) => s + x, 0) - 4000) < 1e-6, 'the strip shows every sample');
    // 4,000 buckets of one sample each do not fit 300 columns: each column gets its share all the same.
    for (let c = 0; c < 300; c++) {
        const column = whole.value.subarray(c * whole.whatN, (c + 1) * whole.whatN).reduce((s, x) => s + x, 0);
        assert.ok(Math.abs(column - 4000 / 300) < 1e-6, `column ${c} has ${column}`);
    }
    const part = coroutine => {
        const a = v.activity.layoutActivity(p.samples, 0, p.report.duration_ns, 300, { metric: 0, coroutine });
        return a.value.reduce((s, x) => s + x, 0) * 1e6;
    };
    for (const c of [0, 1, 2, 3]) assert.ok(Math.abs(part(c) - sum({ coroutine: c })) < 1, `the lane of ${c}`);
    const single = v.coroutines.instancesOf(p);
    assert.deepEqual(single.map(i => [i.number, i.instance]).sort(), [[1, 1], [1, 4], [2, 2], [2, 5], [3, 3], [3, 6]]);
    for (const c of [1, 2, 3]) assert.equal(single.filter(i => i.number === c).reduce((s, i) => s + sum({ instance: i.instance }), 0), sum({ coroutine: c }));
});
test('each stack has what the samples of a filter say, looked at one by one', () => {
    const p = v.page.importPage(makeDocument({ nodes: 500, samples: 4000 })).traces[0].processes[0];
    const m = p.metrics[0];
    const { rows, threads, what, log, periodNs } = p.samples;
    const shape = v.merge.shapeOf(p.frames, m.stacks, 'function');
    const told = f => {
        const passes = r =>
            (f.thread === undefined || threads[rows.thread[r]].tid === f.thread) && (f.what === undefined || what[rows.what[r]] === f.what) &&
            (f.coroutine === undefined || rows.coroutine[r] === f.coroutine);
        const self = new Float64Array(shape.n);
        for (let b = 0; b + 1 < log.start.length; b++)
            for (let e = log.start[b]; e < log.start[b + 1]; e++)
                if (passes(log.row[e]) && (b + 1) * log.bucketNs > (f.from ?? 0) && b * log.bucketNs < (f.to ?? Infinity))
                    self[shape.of[rows.node[log.row[e]]]] += log.periods[e] * periodNs[0];
        return self;
    };
    const half = p.samples.log.bucketNs * 1000;
    for (const f of [{ thread: 4712 }, { what: 'c' }, { thread: 4711, coroutine: 2 }, { to: half }, { from: half, thread: 4713 }, { thread: 99 }])
        assert.deepEqual(v.filter.filteredWeights(shape, m, p.samples, f).self, told(f), JSON.stringify(f));
});
test('what the page rehearses with is a document like any other', () => {
    const p = v.page.importPage(v.sketch.sketch(500)).traces[0].processes[0];
    assert.equal(p.samples.rows.n, 499);
    assert.deepEqual([p.metrics.length, p.metrics[0].sampled, p.samples.threads.length], [1, true, 3]);
    const whole = v.activity.layoutActivity(p.samples, 0, p.report.duration_ns, 100, { metric: 0 });
    assert.ok(Math.abs(whole.value.reduce((s, x) => s + x, 0) - 499) < 1e-6);
    assert.ok(v.lanes.lanesOf(p).some(l => l.kind === 'activity') && v.lanes.lanesOf(p).some(l => l.kind === 'items'));
});
test('a difference knows both sides, new and gone frames too', () => {
    const before = shaped([['a;b', 5], ['gone', 2]]);
    const after = shaped([['a;b', 9], ['a;new', 1]]);
    const d = v.diff.makeDiff(
        { process: before.p, metric: before.p.metrics[0] }, { process: after.p, metric: after.p.metrics[0] }, 'function',
    );
    assert.equal(text(v.diff.diffTree(d, 'after')), '* 10(a 10(b 9 new 1))');
    assert.equal(text(v.diff.diffTree(d, 'before')), '* 7(a 5(b 5) gone 2)');
    const row = l => d.rows.find(r => r.label === l);
    assert.deepEqual([row('b').before.self, row('b').after.self], [5, 9]);
    assert.deepEqual([row('gone').before.total, row('gone').after.total], [2, 0]);
});
test('lines of a file carry their own and their whole weight', () => {
    const doc = stacksDocument([['m.a', 3], ['m.a;m.b', 4]]);
    doc.traces[0].processes[0].frames.line = [10, 20];
    const p = v.page.importPage(doc).traces[0].processes[0];
    const of = v.annotate.byFileAndLine(p.frames, p.metrics[0], p.metrics[0].self).get('/src/m.lua');
    assert.deepEqual([of.self.get(10), of.total.get(10), of.self.get(20)], [3, 7, 4]);
});
test('loads stand below what loaded them, in order of time, and fold', () => {
    const m = (id, parent, begin, total) => ({ id, parent, name: `m${id}`, kind: 'require', begin_ns: begin, total_ns: total, phases_ns: { run: total }, tried: [] });
    const rows = v.waterfall.loadTree([m(3, 1, 30, 5), m(1, null, 10, 90), m(2, 1, 20, 5), m(4, 99, 200, 10)]);
    assert.deepEqual(rows.map(r => [r.m.id, r.depth]), [[1, 0], [2, 1], [3, 1], [4, 0]]);
    assert.deepEqual(v.waterfall.unfolded(rows, new Set([1])).map(r => r.m.id), [1, 4]);
    const time = v.loadTime.withoutPauses(rows.map(r => r.m));
    assert.equal(time.loading, 100);
    assert.equal(time.place(100), 0.9);
    assert.equal(time.place(150), 0.9, 'pauses take no room');
    assert.equal(time.place(210), 1);
    assert.deepEqual(v.waterfall.segments(rows[0], time).map(s => s.phase), ['run', 'nested', 'nested']);
});
test('numbers have units, and little of them', () => {
    const { nanoseconds, bytes, count, percent, signed } = v.units;
    assert.deepEqual([0, 999, 1000, 1.5e6, 999.9e6, 61.2e9, 150e9, 300e9, 3.6e12 * 2.5].map(nanoseconds),
        ['0', '999 ns', '1.00 µs', '1.50 ms', '1.00 s', '61.2 s', '2 min 30 s', '5 min', '2 h 30 min']);
    assert.deepEqual(v.ticks.ticks(0, 1000e9, 10).map(nanoseconds).slice(0, 4), ['0', '2 min', '4 min', '6 min'], 'minutes are round');
    assert.deepEqual([0, 1023, 1024, 1.5 * 2 ** 20, -2048, 2 ** 30 - 1].map(bytes), ['0', '1023 B', '1.00 KiB', '1.50 MiB', '-2.00 KiB', '1.00 GiB']);
    assert.equal(count(2622115), '2,622,115');
    assert.deepEqual([percent(1, 3), percent(1, 1e6), percent(1, 0)], ['33.3 %', '<0.1 %', '–']);
    assert.deepEqual([signed(2048, 'bytes'), signed(-1e6, 'ns'), signed(0, 'ns')], ['+2.00 KiB', '−1.00 ms', '0']);
});
test('kinds that are alike without red or green differ in lightness, and labels can be read on all', () => {
    const { css, kindColour, ink, pixel, paler } = v.colours;
    const light = p => [0, 8, 16].map(s => ((p >> s) & 255) / 255).map(c => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
        .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
    const contrast = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
    const [lua, c, vm, native, note] = [0, 1, 2, 3, 4];
    for (const theme of ['light', 'dark']) {
        for (const [a, b] of [[vm, native], [native, note], [vm, note]]) {
            const between = contrast(kindColour(a, theme), kindColour(b, theme));
            assert.ok(between > 1.15, `${theme}: ${between.toFixed(2)} between ${a} and ${b}`);
        }
        for (const kind of [lua, c, vm, native, note])
            for (const vary of [0, 1]) {
                const read = contrast(kindColour(kind, theme, vary), pixel(ink(theme).text));
                assert.ok(read > 3, `${theme} ${kind}: ${read.toFixed(1)}`);
            }
    }
    assert.equal(css(pixel('#1b2f40')), '#1b2f40');
    assert.equal(css(paler(pixel('#000000'), 0.25, 'light')), '#bfbfbf');
});
test('an address leads back to the view it was made of', () => {
    const r = { page: 'flame', params: { q: 'a&b=#ä', focus: '</script>', from: '12' } };
    assert.deepEqual(v.route.parseRoute(v.route.formatRoute(r)), r);
    assert.equal(v.route.parseRoute('').page, 'overview');
    assert.equal(v.route.parseRoute('#%E0%A4%A').page, '%E0%A4%A', 'a broken address is no error');
    assert.deepEqual(v.route.onPage(r, 'load').params, {});
});
test('CSV keeps quotes and line ends, and a name is no formula', () => {
    assert.equal(v.csv.toCsv([['a"b', 'c,d', 1.5, null], ['=1+1', -3, 'x\ny', 'p']]), '"a""b","c,d",1.5,\r\n\'=1+1,-3,"x\ny",p\r\n');
});
test('a document of another version or of no version is refused with a sentence', () => {
    assert.match(sentence(() => v.page.importPage({ schema: 'modprof-page', version: 9 })), /version 9.*same modprof/s);
    assert.match(sentence(() => v.page.importPage({ a: 1 })), /not a document of modprof/);
    assert.match(sentence(() => v.page.importPage(null)), /damaged/);
    assert.match(sentence(() => v.page.importPage([])), /damaged/);
});
test('members that are not known are ignored', () => {
    const doc = makeDocument();
    doc.later = { x: 1 };
    doc.traces[0].processes[0].later = [1];
    assert.equal(v.page.importPage(doc).traces.length, 1);
});

/** Every place of a document, one after another, holding something wrong: a sentence or a page, never anything else. */
function* damages(doc) {
    const places = [];
    const walk = (at, path, depth) => {
        if (at === null || typeof at !== 'object' || depth > 9) return;
        for (const k of Array.isArray(at) ? [0, at.length - 1].filter(i => i in at) : Object.keys(at)) {
            places.push([...path, k]);
            walk(at[k], [...path, k], depth + 1);
        }
    };
    walk(doc, [], 0);
    for (const path of places)
        for (const wrong of [null, -1, 1e30, 'x', [], {}, [null], [1, 2, 3], true, 0.5, undefined]) yield [path, wrong];
}
test('a damaged document gives a sentence, or a page of what is intact', () => {
    const text = JSON.stringify(makeDocument({ nodes: 6, samples: 20, modules: 2, functions: 3 }));
    let n = 0;
    let refused = 0;
    for (const [path, wrong] of damages(JSON.parse(text))) {
        if (path.includes('report')) continue;
        const doc = JSON.parse(text);
        let at = doc;
        for (const k of path.slice(0, -1)) at = at[k];
        at[path.at(-1)] = wrong;
        n++;
        try {
            v.page.importPage(doc);
        } catch (e) {
            refused++;
            assert.ok(e instanceof v.carrier.ImportError, `${path.join('.')} = ${JSON.stringify(wrong)}: ${e?.stack}`);
        }
    }
    assert.ok(n > 500 && refused > n / 3, `${refused} of ${n} were refused`);
});
test('base64 and gzip that are cut off give a sentence', async () => {
    assert.throws(() => v.carrier.base64Bytes('%%%'), v.carrier.ImportError);
    await assert.rejects(v.carrier.gunzip(new Uint8Array([31, 139, 8, 0, 1, 2])), v.carrier.ImportError);
});
test('five things at most are worth knowing, the broken budget first', () => {
    const doc = makeDocument({ modules: 50 });
    doc.traces[0].check = {
        verdict: 'fail', config: '.modprof', counts: { fail: 1 },
        rules: [{ rule: 'r', metric: 'lua.peak', unit: 'bytes', verdict: 'fail', sentence: 'lua.peak is 9 MiB', limit: null, measured: 9 }],
    };
    const t = v.page.importPage(doc).traces[0];
    const facts = v.facts.facts(t, t.processes[0]);
    assert.ok(facts.length > 1 && facts.length <= 5);
    assert.equal(facts[0].page, 'budgets');
});

test('without samples it is told how many there should have been', () => {
    const sampler = { period_ns: 1e6, kernel_time_too: true };
    assert.match(v.facts.whyNoSamples({ cpu: { samples: 0, process_cpu_ns: 8e5, sampler } }), /took 800.{1,2}s of CPU time, and one sample is due each 1.*ms\.$/);
    for (const cpu of [null, undefined, { samples: 0, process_cpu_ns: null, sampler }])
        assert.match(v.facts.whyNoSamples({ cpu }), /^A run of a few milliseconds/);
});

test('a server that only runs chunks has a waterfall, too', () => {
    const chunk = (id, begin_ns) => ({ id, parent: null, kind: 'main', begin_ns, total_ns: 10, phases_ns: {} });
    const time = v.loadTime.withoutPauses([chunk(1, 100), chunk(2, 500), chunk(3, 900)]);
    assert.deepEqual([time.from, time.to, time.loading, time.place(505)], [100, 910, 30, 0.5]);
    const mixed = v.loadTime.withoutPauses([chunk(1, 100), { ...chunk(2, 500), kind: 'require' }]);
    assert.deepEqual([mixed.from, mixed.to], [500, 510], 'chunks do not count beside modules');
});
test('names that are no paths stay whole, and marks without a name have a number', () => {
    assert.equal(v.units.baseName('/srv/app/a.lua'), 'a.lua');
    assert.equal(v.units.baseName('[string "/srv/app/a.lua"]'), '[string "/srv/app/a.lua"]');
    const doc = makeDocument();
    doc.traces[0].processes[0].marks = [{ at_ns: 5, name: '', id: 7 }, { at_ns: 6, name: 'ready', id: 8 }];
    assert.deepEqual(v.page.importPage(doc).traces[0].processes[0].marks.map(m => m.name), ['#7', 'ready']);
});

await finish(async () => rmSync(dir, { recursive: true, force: true }));
