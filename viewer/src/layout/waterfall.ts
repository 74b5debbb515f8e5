// Module loads as rows of a waterfall: a tree in order of time, folded where asked, and bars in shares of a stretch of time.
import type { ModuleRow, Phases } from '../model/report';
import type { LoadTime } from './load_time';

export interface LoadRow {
    readonly m: ModuleRow;
    readonly depth: number;
    readonly children: readonly ModuleRow[];
    readonly parent: ModuleRow | null;
}

export interface Segment {
    readonly phase: string;
    readonly from: number; // place, 0 to 1
    readonly to: number;
    readonly ns: number;
}

/** The order in which a load goes through its phases. */
export const PHASES: readonly (keyof Phases)[] = [
    'resolve',
    'read',
    'compile',
    'map',
    'relocate',
    'construct',
    'run',
];

/** Every load, parents before children, both in order of time. */
export function loadTree(modules: readonly ModuleRow[]): LoadRow[] {
    const children = new Map<number | null, ModuleRow[]>();
    const known = new Map(modules.map(m => [m.id, m]));
    for (const m of modules) {
        const parent = m.parent !== null && known.has(m.parent) ? m.parent : null;
        const of = children.get(parent);
        if (of) of.push(m);
        else children.set(parent, [m]);
    }
    for (const of of children.values()) of.sort((a, b) => a.begin_ns - b.begin_ns || a.id - b.id);
    const out: LoadRow[] = [];
    const todo: { m: ModuleRow; depth: number; parent: ModuleRow | null }[] = [];
    const push = (id: number | null, depth: number, parent: ModuleRow | null) => {
        const of = children.get(id) ?? [];
        for (let i = of.length - 1; i >= 0; i--) todo.push({ m: of[i]!, depth, parent });
    };
    push(null, 0, null);
    while (todo.length > 0) {
        const { m, depth, parent } = todo.pop()!;
        out.push({ m, depth, parent, children: children.get(m.id) ?? [] });
        push(m.id, depth + 1, m);
    }
    return out;
}

/** Without what is below folded rows. */
export function unfolded(rows: readonly LoadRow[], folded: ReadonlySet<number>): LoadRow[] {
    const out: LoadRow[] = [];
    let below = Infinity;
    for (const r of rows) {
        if (r.depth > below) continue;
        below = Infinity;
        out.push(r);
        if (folded.has(r.m.id)) below = r.depth;
    }
    return out;
}

/** Bars of a row; nested loads lie over the phase they happen in. */
export function segments(r: LoadRow, time: LoadTime): Segment[] {
    const out: Segment[] = [];
    const add = (phase: string, a: number, b: number, least: number) => {
        if (b < time.from || a > time.to) return;
        const from = time.place(a);
        const to = time.place(b);
        if (to - from > least) out.push({ phase, from, to, ns: b - a });
    };
    let at = r.m.begin_ns;
    for (const phase of PHASES) {
        const ns = r.m.phases_ns[phase] ?? 0;
        add(phase, at, at + ns, 0);
        at += ns;
    }
    const end = r.m.begin_ns + r.m.total_ns;
    if (end > at) add('nested', at, end, 0.001);
    for (const c of r.children) add('nested', c.begin_ns, c.begin_ns + c.total_ns, 0.0015);
    return out;
}
