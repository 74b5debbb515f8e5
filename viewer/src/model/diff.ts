// Two sets of stacks as one: the same frames below the same frames are one node, with what each side has there.
import { Pairs, shapeOf, weigh, withChildren, type By, type Keys, type Shape, type Weights } from './merge';
import type { Metric, Process } from './page';
import { byKey, downTree, type Tree } from './tree';

export interface DiffRow {
    readonly key: number;
    readonly label: string;
    readonly before: { self: number; total: number };
    readonly after: { self: number; total: number };
}

export interface Diff {
    readonly shape: Shape;
    readonly before: Weights;
    readonly after: Weights;
    readonly rows: readonly DiffRow[];
}

interface Side {
    readonly process: Process;
    readonly metric: Metric;
}

/** Keys of both sides as one set: the same kind and label are the same key. */
function join(a: Keys, b: Keys): { keys: Keys; ofB: Uint32Array } {
    const seen = new Map<string, number>();
    for (let k = 0; k < a.n; k++) seen.set(`${a.kind[k]} ${a.label[k]}`, k);
    const label = [...a.label];
    const kind = [...a.kind];
    const file = [...a.file];
    const line = [...a.line];
    const module = [...a.module];
    const ofB = new Uint32Array(b.n);
    for (let k = 0; k < b.n; k++) {
        const id = `${b.kind[k]} ${b.label[k]}`;
        let to = seen.get(id);
        if (to === undefined) {
            to = label.length;
            seen.set(id, to);
            label.push(b.label[k]!);
            kind.push(b.kind[k]!);
            file.push(b.file[k]!);
            line.push(b.line[k]!);
            module.push(b.module[k]!);
        }
        ofB[k] = to;
    }
    const keys: Keys = {
        by: a.by,
        n: label.length,
        ofFrame: a.ofFrame,
        label,
        kind: Uint8Array.from(kind),
        file,
        line: Uint32Array.from(line),
        module,
    };
    return { keys, ofB };
}

export function makeDiff(before: Side, after: Side, by: By): Diff {
    const a = shapeOf(before.process.frames, before.metric.stacks, by);
    const b = shapeOf(after.process.frames, after.metric.stacks, by);
    const { keys, ofB } = join(a.keys, b.keys);
    const pairs = new Pairs(a.n + b.n);
    const place = (s: Shape, key: (k: number) => number) => {
        const to = new Uint32Array(s.n);
        for (let i = 1; i < s.n; i++) to[i] = pairs.number(to[s.parent[i]!]!, key(s.key[i]!));
        return to;
    };
    const toA = place(a, k => k);
    const toB = place(b, k => ofB[k]!);
    const n = pairs.n;
    const shape = withChildren({
        keys,
        n,
        of: new Uint32Array(0),
        parent: pairs.a.slice(0, n),
        key: pairs.b.slice(0, n),
    });
    const spread = (s: Shape, to: Uint32Array, side: Side): Weights => {
        const own = weigh(s, side.metric.self);
        const self = new Float64Array(n);
        const total = new Float64Array(n);
        for (let i = 0; i < s.n; i++) {
            self[to[i]!]! += own.self[i]!;
            total[to[i]!]! += own.total[i]!;
        }
        return { self, total };
    };
    const wa = spread(a, toA, before);
    const wb = spread(b, toB, after);
    const [ka, kb] = [byKey(shape, wa), byKey(shape, wb)];
    const rows: DiffRow[] = [];
    for (let k = 0; k < keys.n; k++)
        rows.push({
            key: k,
            label: keys.label[k]!,
            before: { self: ka.self[k]!, total: ka.total[k]! },
            after: { self: kb.self[k]!, total: kb.total[k]! },
        });
    return { shape, before: wa, after: wb, rows };
}

/** Widths of one side, colours by the difference.  What only the other side has is not in this picture. */
export function diffTree(d: Diff, side: 'before' | 'after'): Tree {
    return {
        ...downTree(d.shape, side === 'after' ? d.after : d.before),
        sides: i => ({ before: d.before.total[i]!, after: d.after.total[i]! }),
    };
}
