// Module loads as rows of a waterfall: a tree in order of time, folded where asked, and bars in shares of a stretch of time.
import type { ModuleRow, Phases } from '../model/report';

export interface LoadRow {
    readonly m: ModuleRow;
    readonly depth: number;
    readonly children: readonly ModuleRow[];
    readonly parent: ModuleRow | null;
}

export interface Segment {
    readonly phase: string;
    readonly from: number; // share of the stretch, 0 to 1
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

/** Bars of a row within [from, to] ns; nested loads lie over the phase they happen in. */
export function segments(r: LoadRow, from: number, to: number): Segment[] {
    const out: Segment[] = [];
    const span = Math.max(1, to - from);
    const add = (phase: string, a: number, b: number, least: number) => {
        const x0 = Math.max(0, (a - from) / span);
        const x1 = Math.min(1, (b - from) / span);
        if (x1 - x0 > least) out.push({ phase, from: x0, to: x1, ns: b - a });
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

/** The stretch in which modules are loaded; WHOLE: with the chunks that then run. */
export function loadSpan(modules: readonly ModuleRow[], whole: boolean): [number, number] {
    const loads = whole ? modules : modules.filter(m => m.kind !== 'main' && m.kind !== 'dofile');
    let from = Infinity;
    let to = 0;
    for (const m of loads.length > 0 ? loads : modules) {
        from = Math.min(from, m.begin_ns);
        to = Math.max(to, m.begin_ns + m.total_ns);
    }
    return from < to ? [from, to] : [0, 1];
}
