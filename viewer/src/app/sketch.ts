// A document of docs/PAGE.md with nothing real in it: large enough that what views do with it makes their code fast, small
// enough to be done with before anybody notices.

const FUNCTIONS = 400;
const DEPTH = 40;
const THREADS = 3;
const MODULES = 200;
const MS = 1e6;

const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

/** Numbers that look like chance and are the same each time. */
function numbers(): () => number {
    let at = 1;
    return () => {
        at = (Math.imul(at, 1103515245) + 12345) & 0x7fffffff;
        return at / 0x80000000;
    };
}

/** Parents of N nodes in preorder, as distances. */
function stacks(n: number, chance: () => number): number[] {
    const open = [0];
    return times(n, i => {
        if (i === 0) return 0;
        while (open.length > 1 && (open.length > DEPTH || chance() < 0.45)) open.pop();
        return i - open[open.push(i) - 2]!;
    });
}

function moduleRows(duration: number): unknown[] {
    return times(MODULES, i => ({
        id: i + 1,
        parent: i % 7 === 0 ? null : i,
        name: `module.${i}`,
        kind: 'require',
        state: 1,
        thread: 1,
        required_by: i % 7 === 0 ? null : `@module${i - 1}.lua`,
        required_by_line: 1,
        begin_ns: (i / MODULES) * duration * 0.9,
        status: 'ok',
        load: 'Lua file',
        file: `/module${i}.lua`,
        error: null,
        total_ns: MS,
        self_ns: MS,
        run_self_ns: MS / 2,
        phases_ns: { resolve: MS / 8, read: MS / 8, compile: MS / 4, run: MS / 2 },
        lua_self_bytes: 1000,
        tried: [],
    }));
}

/** NODES stacks, and about as many samples. */
export function sketch(nodes: number): unknown {
    const chance = numbers();
    const duration = nodes * MS;
    const rest = nodes - 1;
    const some = (n: number) => Math.floor(chance() ** 2 * n);
    const one = (v: number) => times(rest, () => v);
    const buckets = Math.ceil(rest / 10);
    const inBucket = times(buckets, b => Math.min(10, rest - 10 * b));
    const process = {
        pid: 1,
        strings: ['', ...times(FUNCTIONS, i => `function_${i}`)],
        functions: {
            kind: times(FUNCTIONS, i => i % 5),
            label: times(FUNCTIONS, i => i + 1),
            module: times(FUNCTIONS, i => 1 + (i % 20)),
            file: times(FUNCTIONS, () => 0),
            line: times(FUNCTIONS, i => i),
        },
        frames: { function: times(FUNCTIONS, i => i), line: times(FUNCTIONS, i => i) },
        trees: [
            {
                id: 'code',
                up: stacks(nodes, chance),
                frame: times(nodes, i => (i ? some(FUNCTIONS) : 0)),
                metrics: [{ id: 'cpu', unit: 'ns', node_d: one(1), self: one(MS) }],
            },
        ],
        samples: {
            threads: { tid: times(THREADS, i => i + 1), name: times(THREADS, () => 0) },
            what: ['lua', 'c', 'collector'],
            rows: {
                node_d: one(1),
                thread: times(rest, () => some(THREADS)),
                state: one(1),
                what: times(rest, () => some(3)),
                metric: one(0),
                coroutine: times(rest, i => i % 3),
                instance: times(rest, i => i % 3),
                n: one(1),
                weight: one(MS),
            },
            period_ns: [MS],
            log: {
                bucket_ns: Math.ceil(duration / buckets),
                count: inBucket,
                row_d: inBucket.flatMap((n, b) => times(n, i => (i ? 1 : 10 * b))),
                periods: one(1),
            },
        },
    };
    const report = {
        pid: 1,
        arguments: ['sketch'],
        executable: 'sketch',
        directory: '/',
        started_unix_ns: 0,
        duration_ns: duration,
        ending: { text: 'exit status 0', reason: 'exit', status: 0 },
        incomplete: [],
        not_covered: [],
        losses: [],
        copies: [],
        modules: moduleRows(duration),
        require_hits: [],
    };
    return {
        schema: 'modprof-page',
        version: 1,
        traces: [{ name: 'sketch', report: { processes: [report] }, processes: [process] }],
    };
}
