// Who spends time in which C function: by the module of the nearest Lua caller and the C function.
//
// A node's own time belongs to the innermost C function above it, as long as no Lua code ran in between: so cells do
// not overlap, and their sum is the time spent in C that Lua called.
import { once } from './once';
import { Kind, type Frames, type Metric, type Process } from './page';

export interface Matrix {
    readonly callers: readonly string[]; // rows, heaviest first
    readonly functions: readonly string[]; // columns, heaviest first
    readonly rowSum: Float64Array;
    readonly columnSum: Float64Array;
    readonly cell: Float64Array; // [row * functions.length + column]
    readonly total: number;
}

/** Of a process's samples; null: it has none. */
export function matrixOf(p: Process): { matrix: Matrix; metric: Metric } | null {
    const metric = p.metrics.find(m => m.sampled) ?? p.metrics.find(m => m.id === 'cpu' || m.id === 'wall');
    if (!metric) return null;
    return { metric, matrix: once(metric, 'crossings', () => crossingMatrix(p.frames, metric, metric.self)) };
}

export function crossingMatrix(frames: Frames, metric: Metric, base: Float64Array): Matrix {
    const { stacks } = metric;
    const owner = new Uint32Array(stacks.n); // node of the C function that time belongs to; 0: none
    const lua = new Uint32Array(stacks.n); // node of the nearest Lua frame; 0: none
    const sums = new Map<string, Map<string, number>>();
    const { kind, label, module } = frames.functions;
    for (let i = 1; i < stacks.n; i++) {
        const up = stacks.parent[i]!;
        const k = kind[frames.fn[stacks.frame[i]!]!]!;
        lua[i] = k === Kind.Lua ? i : lua[up]!;
        owner[i] = k === Kind.Lua ? 0 : k === Kind.C ? i : owner[up]!;
        const w = base[i]!;
        if (w === 0 || owner[i] === 0) continue;
        const callee = frames.strings[label[frames.fn[stacks.frame[owner[i]!]!]!]!]!;
        const above = lua[owner[i]!]!;
        const fn = above === 0 ? -1 : frames.fn[stacks.frame[above]!]!;
        const caller = fn < 0 ? '(the host)' : frames.strings[module[fn]!] || frames.strings[label[fn]!]!;
        let row = sums.get(caller);
        if (!row) sums.set(caller, (row = new Map()));
        row.set(callee, (row.get(callee) ?? 0) + w);
    }
    return arrange(sums);
}

function arrange(sums: Map<string, Map<string, number>>): Matrix {
    const byFunction = new Map<string, number>();
    const byCaller = new Map<string, number>();
    let total = 0;
    for (const [caller, row] of sums)
        for (const [callee, w] of row) {
            byFunction.set(callee, (byFunction.get(callee) ?? 0) + w);
            byCaller.set(caller, (byCaller.get(caller) ?? 0) + w);
            total += w;
        }
    const heaviest = (m: Map<string, number>) =>
        [...m].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(e => e[0]);
    const callers = heaviest(byCaller);
    const functions = heaviest(byFunction);
    const cell = new Float64Array(callers.length * functions.length);
    const column = new Map(functions.map((f, i) => [f, i]));
    callers.forEach((c, r) => {
        for (const [callee, w] of sums.get(c)!) cell[r * functions.length + column.get(callee)!] = w;
    });
    return {
        callers,
        functions,
        rowSum: Float64Array.from(callers, c => byCaller.get(c)!),
        columnSum: Float64Array.from(functions, f => byFunction.get(f)!),
        cell,
        total,
    };
}
