// Documents of docs/PAGE.md made from a seed, of any size: for the scale test, and for what no real trace shows.
import { gzipSync } from 'node:zlib';

/** A small generator of numbers, the same for every run (mulberry32). */
export function random(seed) {
    let a = seed >>> 0;
    return () => {
        a = (a + 0x6d2b79f5) >>> 0;
        let t = a;
        t = Math.imul(t ^ (t >>> 15), t | 1);
        t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}

const differences = list => list.map((v, i) => v - (i ? list[i - 1] : 0));
export const WHAT = ['lua', 'c', 'collector', 'parser', 'allocator', 'outside', 'profiler'];

/** A tree of N nodes in preorder: up[] and frame[]; depth stays below DEPTH. */
function makeTree(n, frameN, depth, rnd) {
    const up = [0];
    const frame = [0];
    const open = [0];
    for (let i = 1; i < n; i++) {
        while (open.length > 1 && (open.length > depth || rnd() < 0.45)) open.pop();
        up.push(i - open[open.length - 1]);
        frame.push(1 + Math.floor(rnd() ** 2 * (frameN - 1)));
        open.push(i);
    }
    return { up, frame };
}

function makeModules(n, duration, rnd) {
    const out = [];
    const open = [];
    for (let i = 0; i < n; i++) {
        while (open.length && (open.length > 12 || rnd() < 0.4)) open.pop();
        const own = Math.floor(5e4 + rnd() ** 4 * 5e6);
        const row = {
            id: i + 1,
            parent: open.length ? open[open.length - 1].id : null,
            name: `app.part${i % 97}.module${i}`,
            kind: 'require',
            state: 1,
            thread: 4711,
            required_by: open.length ? `@${open[open.length - 1].file}` : null,
            required_by_line: 1 + Math.floor(rnd() * 300),
            begin_ns: Math.floor((i / n) * duration * 0.9),
            status: 'ok',
            load: 'Lua file',
            file: `/srv/app/part${i % 97}/module${i}.lua`,
            error: null,
            source_bytes: Math.floor(rnd() * 40000),
            precompiled: false,
            total_ns: own,
            self_ns: own,
            run_self_ns: Math.floor(own / 2),
            phases_ns: { resolve: Math.floor(own * 0.1), read: Math.floor(own * 0.1), compile: Math.floor(own * 0.3), run: Math.floor(own / 2) },
            lua_bytes: 10000,
            lua_self_bytes: 10000,
            lua_alloc_bytes: 20000,
            c_bytes: 0,
            c_self_bytes: 0,
            c_alloc_bytes: 0,
            tried: [{ path: `/usr/share/lua/5.4/app/part${i % 97}.lua`, errno: 2, duration_ns: 3000 }],
        };
        for (const o of open) {
            o.total_ns += own;
            o.phases_ns.run += own;
        }
        open.push(row);
        out.push(row);
    }
    return out;
}

const noCalls = { calls: 0, timed: 0, mean_ns: null, total_ns: null, error_ns: null };

/** { nodes, samples, modules, functions, depth, seed, names } -> the document. */
export function makeDocument(o = {}) {
    const { nodes = 2000, samples = 5000, modules = 40, functions = 400, depth = 40, seed = 1 } = o;
    const rnd = random(seed);
    const duration = Math.max(1e9, samples * 1e6);
    const strings = [''];
    const string = s => strings.push(s) - 1;
    const fn = { kind: [], label: [], module: [], file: [], line: [] };
    for (let i = 0; i < functions; i++) {
        const kind = [0, 0, 0, 1, 3, 2, 4][Math.floor(rnd() * 7)];
        fn.kind.push(kind);
        fn.label.push(string(o.names?.[i] ?? `${['part', 'view', 'net', 'store'][i % 4]}.${['read', 'walk', 'emit', 'find'][(i >> 2) % 4]}_${i}`));
        fn.module.push(string(kind === 0 ? `app.module${i % 50}` : kind === 1 ? 'string' : 'libc.so.6'));
        fn.file.push(kind === 0 ? string(`/srv/app/module${i % 50}.lua`) : 0);
        fn.line.push(kind === 0 ? 1 + i : 0);
    }
    const frames = { function: [0], line: [0] };
    for (let i = 0; i < functions; i++)
        for (let l = 0; l < (fn.kind[i] === 0 ? 3 : 1); l++) {
            frames.function.push(i);
            frames.line.push(fn.kind[i] === 0 ? fn.line[i] + l : 0);
        }
    const tree = makeTree(nodes, frames.function.length, depth, rnd);
    const period = 1e6;
    const rows = { node_d: [], thread: [], state: [], what: [], metric: [], coroutine: [], instance: [], n: [], weight: [] };
    for (let i = 1; i < nodes; i++) {
        rows.node_d.push(i);
        rows.thread.push(Math.floor(rnd() ** 3 * 3));
        rows.state.push(1);
        rows.what.push([0, 1, 5, 2, 4, 3][fn.kind[frames.function[tree.frame[i]]]] ?? 0);
        rows.metric.push(0);
        rows.coroutine.push(i % 5 ? 0 : 1 + (i % 3));
        rows.instance.push(i % 5 ? 0 : 1 + (i % 3) + 3 * (i % 2));
        rows.n.push(0);
        rows.weight.push(0);
    }
    const self = new Array(nodes).fill(0);
    const bucketN = Math.min(4000, Math.max(1, samples));
    const log = { bucket_ns: Math.ceil(duration / bucketN), count: [], row_d: [], periods: [] };
    for (let b = 0; b < bucketN; b++) {
        const of = [];
        for (let s = 0; s < Math.floor(((b + 1) * samples) / bucketN) - Math.floor((b * samples) / bucketN); s++)
            of.push(Math.floor(rnd() * (nodes - 1)));
        of.sort((x, y) => x - y);
        log.count.push(of.length);
        log.row_d.push(...differences(of));
        for (const r of of) {
            log.periods.push(1);
            rows.n[r]++;
            rows.weight[r] += period;
            self[r + 1] += period;
        }
    }
    rows.node_d = differences(rows.node_d);
    const hot = self.map((v, i) => [i, v]).filter(x => x[1] > 0);
    const crossingRows = fn.kind.flatMap((k, i) =>
        k === 1
            ? [{
                  label: strings[fn.label[i]], name: strings[fn.label[i]], module: 'string', type: null, kind: 'lua_c', symbol: null,
                  object: '/usr/bin/lua5.4', object_file: 'read', offset: i,
                  lua_to_c: { calls: 1000 + i, timed: 40, mean_ns: 100 + i, total_ns: (1000 + i) * (100 + i), error_ns: 5000 },
                  c_to_lua: noCalls,
              }]
            : [],
    );
    const seconds = Array.from({ length: 200 }, (_, i) => (duration * i) / 200).map(Math.floor);
    const wave = f => seconds.map((_, i) => Math.floor(1e6 * (3 + Math.sin(i / f) + i / 60)));
    const report = {
        pid: 4711, parent_pid: 1, forked_from: null, arguments: ['app', '--serve', ...(o.arguments ?? [])], executable: '/usr/bin/app',
        directory: '/srv/app', shim_version: '0', started_unix_ns: 1.7e18, start_estimated: false, duration_ns: duration, end_unseen: false,
        ending: { text: 'exit status 0', reason: 'exit', status: 0, max_rss_bytes: 5e7, user_ns: duration / 2, system_ns: 1e6 },
        complete: true, incomplete: [], not_covered: [], losses: [],
        copies: [{ lua: 'Lua 5.4.4', object: '/usr/bin/app', status: 'covered', unloaded: false, layout: 'verified', reason: null, late: false }],
        file: { path: 'synthetic.mprof', bytes: 1 },
        modules: makeModules(modules, duration, rnd),
        require_hits: [],
        crossings: { lua_to_c: crossingRows.reduce((s, r) => s + r.lua_to_c.calls, 0), c_to_lua: { lua_callk: 5, lua_pcallk: 2, lua_resume: 0, by_host: 1 }, functions: crossingRows },
        ...o.report,
    };
    const trace = {
        name: 'synthetic.mprof',
        report: { schema: 'modprof-report', version: 1, processes: [report] },
        processes: [{
            pid: 4711, strings, functions: fn, frames,
            trees: [{ id: 'code', ...tree, metrics: [{ id: 'cpu', unit: 'ns', node_d: differences(hot.map(x => x[0])), self: hot.map(x => x[1]) }] }],
            samples: {
                threads: { tid: [4711, 4712, 4713], name: [string('main'), string('worker'), string('logger')] },
                what: WHAT, rows, period_ns: [period], log,
            },
            memory: { at_ns_d: differences(seconds), lua_d: differences(wave(9)), c_d: differences(wave(5)), rss_d: differences(wave(30).map(v => v + 9e6)) },
            marks: [{ at_ns: duration / 3, name: 'ready' }],
            sources: [], sources_left_out: [], pruned: [],
            ...o.process,
        }],
        check: null, check_error: null, history: [], bytes: 1,
        ...o.trace,
    };
    return { schema: 'modprof-page', version: 1, modprof: 'test', title: 'synthetic', traces: [trace, ...(o.traces ?? [])], compare: o.compare ?? null, live: false };
}

/** The page with a document inside, as modprof export writes it. */
export function pageWith(bundle, document) {
    const packed = gzipSync(JSON.stringify(document)).toString('base64').replace(/.{76}/g, '$&\n');
    return bundle.replace('<!--modprof-data-->', () => `<script type="application/octet-stream" id="modprof-page">${packed}</script>`);
}
