// One process of the document, with its numbers checked and in typed arrays.
import type {
    Frames,
    Growth,
    Metric,
    Process,
    SampleLog,
    Samples,
    Series,
    Stacks,
    Unit,
} from '../model/page';
import type { ReportProcess } from '../model/report';
import { column, indices, sameLength } from './columns';
import { damaged, list, maybeList, maybeObject, number, object, text, texts, type Json } from './look';

function unit(v: unknown, where: string): Unit {
    if (v === 'ns' || v === 'bytes' || v === 'count') return v;
    return damaged(where, 'is no unit');
}

function frames(p: Json, where: string): Frames {
    const strings = texts(p['strings'], `${where}.strings`);
    const f = object(p['functions'], `${where}.functions`);
    const at = `${where}.functions`;
    const kind = Uint8Array.from(indices(f, 'kind', at, 5));
    const label = indices(f, 'label', at, strings.length);
    const module = indices(f, 'module', at, strings.length);
    const file = indices(f, 'file', at, strings.length);
    const line = indices(f, 'line', at, 2 ** 32);
    const n = sameLength(at, kind, label, module, file, line);
    const fr = object(p['frames'], `${where}.frames`);
    const fn = indices(fr, 'function', `${where}.frames`, n);
    const frameLine = indices(fr, 'line', `${where}.frames`, 2 ** 32);
    sameLength(`${where}.frames`, fn, frameLine);
    return { strings, functions: { n, kind, label, module, file, line }, fn, line: frameLine };
}

function stacks(tree: Json, where: string, frameN: number): Stacks {
    const up = column(tree, 'up', where);
    const frame = indices(tree, 'frame', where, Math.max(1, frameN));
    const n = sameLength(where, up, frame);
    if (n === 0) damaged(where, 'has no root');
    const parent = new Uint32Array(n);
    for (let i = 0; i < n; i++) {
        const u = up[i]!;
        if (i === 0 ? u !== 0 : !(u >= 1 && u <= i)) damaged(`${where}.up[${i}]`, `is ${u}`);
        parent[i] = i - u;
    }
    return { id: text(tree['id'], `${where}.id`), n, parent, frame };
}

function metrics(tree: Json, where: string, of: Stacks): Metric[] {
    return list(tree['metrics'], `${where}.metrics`).map((v, index) => {
        const at = `${where}.metrics[${index}]`;
        const m = object(v, at);
        const node = indices(m, 'node_d', at, of.n);
        const self = column(m, 'self', at);
        sameLength(at, node, self);
        const byNode = new Float64Array(of.n);
        for (let i = 0; i < node.length; i++) byNode[node[i]!] += self[i]!;
        return {
            id: text(m['id'], `${at}.id`),
            unit: unit(m['unit'], `${at}.unit`),
            stacks: of,
            self: byNode,
            sampled: false,
            index,
        };
    });
}

function sampleLog(v: unknown, where: string, rowN: number): SampleLog | null {
    const log = maybeObject(v, where);
    if (!log) return null;
    const count = column(log, 'count', where);
    const periods = column(log, 'periods', where);
    const step = list(log['row_d'], `${where}.row_d`);
    sameLength(where, periods, step);
    const start = new Uint32Array(count.length + 1);
    const row = new Uint32Array(step.length);
    let at = 0;
    for (let b = 0; b < count.length; b++) {
        if (!(count[b]! >= 0 && at + count[b]! <= row.length))
            damaged(`${where}.count[${b}]`, `is ${count[b]}`);
        start[b] = at;
        for (let r = 0, end = at + count[b]!; at < end; at++) {
            r += step[at] as number;
            if (!(r >= 0 && r < rowN)) damaged(`${where}.row_d[${at}]`, 'leaves the rows');
            row[at] = r;
        }
    }
    if (at !== row.length) damaged(`${where}.count`, 'does not add up');
    start[count.length] = at;
    const bucketNs = number(log['bucket_ns'], `${where}.bucket_ns`);
    if (!(bucketNs > 0)) damaged(`${where}.bucket_ns`, 'is not positive');
    return { bucketNs, start, row, periods };
}

function samples(
    v: unknown,
    where: string,
    of: { code: Stacks | undefined; metricN: number; functionN: number },
): Samples | null {
    const { code, metricN } = of;
    const s = maybeObject(v, where);
    if (!s || !code) return null;
    const t = object(s['threads'], `${where}.threads`);
    const tid = column(t, 'tid', `${where}.threads`);
    const name = t['name'] === undefined ? [] : list(t['name'], `${where}.threads.name`);
    const what = texts(s['what'], `${where}.what`);
    const r = object(s['rows'], `${where}.rows`);
    const at = `${where}.rows`;
    const node = indices(r, 'node_d', at, code.n);
    const rows = {
        n: node.length,
        node,
        thread: indices(r, 'thread', at, Math.max(1, tid.length)),
        state: indices(r, 'state', at, 2 ** 32),
        what: indices(r, 'what', at, Math.max(1, what.length)),
        metric: indices(r, 'metric', at, Math.max(1, metricN)),
        coroutine: r['coroutine']
            ? indices(r, 'coroutine', at, of.functionN + 1)
            : new Uint32Array(node.length),
        instance: r['instance'] ? indices(r, 'instance', at, 2 ** 32) : new Uint32Array(node.length),
        count: column(r, 'n', at),
        weight: column(r, 'weight', at),
    };
    sameLength(
        at,
        node,
        rows.thread,
        rows.state,
        rows.what,
        rows.metric,
        rows.coroutine,
        rows.instance,
        rows.count,
        rows.weight,
    );
    return {
        threads: Array.from(tid, (id, i) => ({ tid: id, name: name[i] as string })),
        what,
        periodNs: maybeList(s['period_ns'], `${where}.period_ns`).map((p, i) =>
            number(p, `${where}.period_ns[${i}]`),
        ),
        rows,
        log: sampleLog(s['log'], `${where}.log`, rows.n),
    };
}

const SERIES: [string, string][] = [
    ['lua_d', 'Lua'],
    ['c_d', 'C'],
    ['rss_d', 'resident'],
];

/** Live bytes over time; of a course of one moment there is nothing to draw. */
function memory(v: unknown, where: string): Series | null {
    const table = maybeObject(v, where);
    if (!table) return null;
    const at = column(table, 'at_ns_d', where);
    if (at.length === 0) return null;
    const known = SERIES.filter(([id]) => table[id] !== undefined);
    const lines = known.map(([id, title]) => ({
        id,
        title,
        unit: 'bytes' as const,
        values: column(table, id, where),
    }));
    sameLength(where, at, ...lines.map(l => l.values));
    return { at, lines };
}

/** Live Lua bytes by kind of object. */
function memoryKinds(v: unknown, where: string): Series | null {
    const table = maybeObject(v, where);
    const kinds = maybeList(table?.['live_kinds'], `${where}.live_kinds`);
    if (!table || kinds.length === 0) return null;
    const at = column(table, 'at_ns_d', where);
    const lines = kinds.map((k, i) => {
        const w = `${where}.live_kinds[${i}]`;
        const row = object(k, w);
        const title = text(row['kind'], `${w}.kind`);
        return { id: title, title, unit: 'bytes' as const, values: column(row, 'bytes_d', w) };
    });
    sameLength(where, at, ...lines.map(l => l.values));
    const some = lines.filter(l => l.values.some(b => b !== 0));
    return at.length > 0 && some.length > 0 ? { at, lines: some } : null;
}

/** Bytes allocated in a second, between two moments. */
function memoryRates(v: unknown, where: string): Series | null {
    const table = maybeObject(v, where);
    if (!table || table['alloc_bytes_d'] === undefined) return null;
    const at = column(table, 'at_ns_d', where);
    const lines = [
        ['alloc_bytes_d', 'Lua'],
        ['c_alloc_bytes_d', 'C'],
    ]
        .filter(([id]) => table[id!] !== undefined)
        .map(([id, title]) => {
            const sum = column(table, id!, where);
            sameLength(where, at, sum);
            const values = sum.map((b, i) => {
                const [b0, t0] = i > 0 ? [sum[i - 1]!, at[i - 1]!] : [0, 0];
                return at[i]! > t0 ? (1e9 * Math.max(0, b - b0)) / (at[i]! - t0) : 0;
            });
            return { id: id!, title: title!, unit: 'bytes' as const, values };
        })
        .filter(l => l.values.some(b => b > 0));
    return at.length > 0 && lines.length > 0 ? { at, lines } : null;
}

function growth(v: unknown, where: string): Growth {
    const g = object(v, where);
    const rows = list(g['rows'], `${where}.rows`).map((r, i) => {
        const at = `${where}.rows[${i}]`;
        const row = object(r, at);
        const of = (name: string) => number(row[name], `${at}.${name}`);
        return {
            label: text(row['label'], `${at}.label`),
            file: text(row['file'], `${at}.file`),
            heap: text(row['heap'], `${at}.heap`),
            from_blocks: of('from_blocks'),
            from_bytes: of('from_bytes'),
            to_blocks: of('to_blocks'),
            to_bytes: of('to_bytes'),
            ...(row['error_bytes'] === undefined ? {} : { error_bytes: of('error_bytes') }),
        };
    });
    const of = (name: string) => number(g[name], `${where}.${name}`);
    return { from: of('from'), to: of('to'), lua_bytes: of('lua_bytes'), c_bytes: of('c_bytes'), rows };
}

export function importProcess(v: unknown, reportRow: unknown, index: number, where: string): Process {
    const p = object(v, where);
    const report = object(reportRow, `${where} (its report)`) as unknown as ReportProcess;
    const fr = frames(p, where);
    const all: Metric[] = [];
    let code: Stacks | undefined;
    let codeMetricN = 0;
    maybeList(p['trees'], `${where}.trees`).forEach((t, i) => {
        const tree = object(t, `${where}.trees[${i}]`);
        const of = stacks(tree, `${where}.trees[${i}]`, fr.fn.length);
        const own = metrics(tree, `${where}.trees[${i}]`, of);
        if (of.id === 'code') {
            code = of;
            codeMetricN = own.length;
        }
        all.push(...own);
    });
    const taken = samples(p['samples'], `${where}.samples`, {
        code,
        metricN: codeMetricN,
        functionN: fr.functions.n,
    });
    const sampledIndex = new Set(taken ? taken.rows.metric : []);
    return {
        index,
        report,
        frames: fr,
        metrics: all.map(m => ({ ...m, sampled: m.stacks === code && sampledIndex.has(m.index) })),
        samples: taken && {
            ...taken,
            threads: taken.threads.map(t => ({ tid: t.tid, name: threadName(t.name, fr.strings) })),
        },
        memory: memory(p['memory'], `${where}.memory`),
        memoryKinds: memoryKinds(p['memory'], `${where}.memory`),
        memoryRates: memoryRates(p['memory'], `${where}.memory`),
        marks: maybeList(p['marks'], `${where}.marks`).map((m, i) => {
            const mark = object(m, `${where}.marks[${i}]`);
            const at = `${where}.marks[${i}]`;
            const id = typeof mark['id'] === 'number' ? mark['id'] : i + 1;
            return {
                id,
                at_ns: number(mark['at_ns'], `${at}.at_ns`),
                // One without a name (at a fork) is called as on the command line.
                name: text(mark['name'], `${at}.name`) || `#${id}`,
            };
        }),
        growth: maybeList(p['growth'], `${where}.growth`).map((g, i) => growth(g, `${where}.growth[${i}]`)),
        sources: new Map(
            maybeList(p['sources'], `${where}.sources`).map((s, i) => {
                const at = `${where}.sources[${i}]`;
                const source = object(s, at);
                return [text(source['file'], `${at}.file`), text(source['text'], `${at}.text`)];
            }),
        ),
        sourcesLeftOut: maybeList(p['sources_left_out'], `${where}.sources_left_out`).map((s, i) => {
            const at = `${where}.sources_left_out[${i}]`;
            const left = object(s, at);
            return { file: text(left['file'], `${at}.file`), why: text(left['why'], `${at}.why`) };
        }),
        pruned: texts(p['pruned'] ?? [], `${where}.pruned`),
    };
}

/** Names are texts, or rows of the strings. */
function threadName(name: unknown, strings: readonly string[]): string {
    return typeof name === 'number' ? (strings[name] ?? '') : typeof name === 'string' ? name : '';
}
