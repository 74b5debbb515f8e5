// What a flame graph draws: nodes with a key and a weight, whose children are asked for only where they are seen.
import type { Keys, Shape, Weights } from './merge';

export interface Tree {
    readonly keys: Keys;
    readonly root: number;
    key(node: number): number; // of the root: -1
    parent(node: number): number; // of the root: -1
    total(node: number): number;
    self(node: number): number;
    /** Heaviest first. */
    children(node: number): ArrayLike<number>;
    /** In a comparison: what the two sides have here. */
    sides?(node: number): { before: number; after: number };
}

/** From callers to callees. */
export function downTree(shape: Shape, w: Weights): Tree {
    const { childStart } = shape;
    // Children are put in order where they are first asked for; those that weigh nothing come last, and are none.
    const order = shape.child.slice();
    const end = new Uint32Array(shape.n); // one more than where they end; 0: not in order yet
    return {
        keys: shape.keys,
        root: 0,
        key: i => (i === 0 ? -1 : shape.key[i]!),
        parent: i => (i === 0 ? -1 : shape.parent[i]!),
        total: i => w.total[i]!,
        self: i => w.self[i]!,
        children(i) {
            const from = childStart[i]!;
            if (end[i] === 0) end[i] = 1 + sortHeaviest(order, from, childStart[i + 1]!, w.total);
            return order.subarray(from, end[i]! - 1);
        },
    };
}

const FEW = 12;

/** Orders AT[from, to) by TOTAL, heaviest first; where those with any weight end. */
function sortHeaviest(at: Uint32Array, from: number, to: number, total: Float64Array): number {
    if (to - from > FEW) at.subarray(from, to).sort((a, b) => total[b]! - total[a]! || a - b);
    else
        for (let i = from + 1; i < to; i++) {
            const node = at[i]!;
            const w = total[node]!;
            let k = i;
            for (; k > from && total[at[k - 1]!]! < w; k--) at[k] = at[k - 1]!;
            at[k] = node;
        }
    let end = to;
    while (end > from && !(total[at[end - 1]!]! > 0)) end--;
    return end;
}

/** Where stacks have come to on the way to their callers, each with its weight. */
interface Paths {
    readonly node: Uint32Array;
    readonly weight: Float64Array;
}

interface UpNode {
    readonly key: number;
    readonly parent: number;
    readonly paths: Paths; // its own are [from, to)
    readonly from: number;
    to: number;
    total: number;
    self: number;
    children: readonly number[] | null;
}

/** From callees to callers, beginning at PATHS (merged nodes); levels come to be as they are looked at. */
function upTree(shape: Shape, paths: Paths): Tree {
    const nodes: UpNode[] = [];
    const made = (key: number, parent: number, of: Paths, from: number, to: number): UpNode => ({
        key,
        parent,
        paths: of,
        from,
        to,
        total: 0,
        self: 0,
        children: null,
    });
    const count = new Uint32Array(shape.keys.n); // by key, while a level is made
    const place = new Int32Array(shape.keys.n);
    /** The callers of a node; those of the root are the nodes where its paths begin. */
    const level = (index: number): readonly number[] => {
        const { paths: of, from, to } = nodes[index]!;
        const at = index === 0 ? of.node.slice() : new Uint32Array(to - from);
        const keys: number[] = [];
        let n = 0;
        for (let i = from; i < to; i++) {
            const node = index === 0 ? of.node[i]! : shape.parent[of.node[i]!]!;
            at[i - from] = node;
            if (node === 0) continue;
            n++;
            const key = shape.key[node]!;
            if (count[key]!++ === 0) keys.push(key);
        }
        // Of one key beside each other.
        const next: Paths = { node: new Uint32Array(n), weight: new Float64Array(n) };
        const out: number[] = [];
        let begin = 0;
        for (const key of keys) {
            place[key] = nodes.push(made(key, index, next, begin, begin)) - 1;
            out.push(place[key]!);
            begin += count[key]!;
            count[key] = 0;
        }
        for (let i = 0; i < at.length; i++) {
            const node = at[i]!;
            if (node === 0) continue;
            const row = nodes[place[shape.key[node]!]!]!;
            const w = of.weight[from + i]!;
            next.node[row.to] = node;
            next.weight[row.to++] = w;
            row.total += w;
            if (shape.parent[node] === 0) row.self += w;
        }
        return out.sort((a, b) => nodes[b]!.total - nodes[a]!.total || a - b);
    };
    const root = made(-1, -1, paths, 0, paths.node.length);
    for (const w of paths.weight) root.total += w;
    nodes.push(root);
    return {
        keys: shape.keys,
        root: 0,
        key: i => nodes[i]!.key,
        parent: i => nodes[i]!.parent,
        total: i => nodes[i]!.total,
        self: i => nodes[i]!.self,
        children: i => (nodes[i]!.children ??= level(i)),
    };
}

/** Everything by where it was spent, callers below. */
export function invertTree(shape: Shape, w: Weights): Tree {
    const node = new Uint32Array(shape.n);
    let n = 0;
    for (let i = 1; i < shape.n; i++) if (w.self[i]! > 0) node[n++] = i;
    const at = node.subarray(0, n);
    return upTree(shape, { node: at, weight: Float64Array.from(at, i => w.self[i]!) });
}

/** The outermost nodes of KEY: nested ones (recursion) are within them. */
export function outermost(shape: Shape, key: number): number[] {
    const inside = new Uint8Array(shape.n);
    const out: number[] = [];
    for (let i = 1; i < shape.n; i++) {
        if (inside[shape.parent[i]!]) inside[i] = 1;
        else if (shape.key[i] === key) {
            inside[i] = 1;
            out.push(i);
        }
    }
    return out;
}

/** Who calls KEY: the first level is KEY itself. */
export function callersTree(shape: Shape, w: Weights, key: number): Tree {
    const at = Uint32Array.from(outermost(shape, key));
    return upTree(shape, { node: at, weight: Float64Array.from(at, i => w.total[i]!) });
}

/** What KEY calls: all its outermost nodes as one. */
export function calleesTree(shape: Shape, w: Weights, key: number): Tree {
    interface Group {
        key: number;
        parent: number;
        of: number[];
        total: number;
        self: number;
        children: number[] | null;
    }
    const roots = outermost(shape, key).filter(i => w.total[i]! > 0);
    const groups: Group[] = [];
    const add = (k: number, parent: number, of: number[]): number => {
        let total = 0;
        let self = 0;
        for (const i of of) {
            total += w.total[i]!;
            self += w.self[i]!;
        }
        return groups.push({ key: k, parent, of, total, self, children: null }) - 1;
    };
    const order = (made: number[]) => made.sort((a, b) => groups[b]!.total - groups[a]!.total || a - b);
    // What one node calls has a key of its own each time.
    const step = (index: number): number[] => {
        const i = groups[index]!.of[0]!;
        const made: number[] = [];
        for (let c = shape.childStart[i]!; c < shape.childStart[i + 1]!; c++) {
            const j = shape.child[c]!;
            if (w.total[j]! > 0) made.push(add(shape.key[j]!, index, [j]));
        }
        return order(made);
    };
    const split = (index: number): number[] => {
        const { of } = groups[index]!;
        if (of.length === 1) return step(index);
        const by = new Map<number, number[]>();
        for (const i of of)
            for (let c = shape.childStart[i]!; c < shape.childStart[i + 1]!; c++) {
                const j = shape.child[c]!;
                if (!(w.total[j]! > 0)) continue;
                const same = by.get(shape.key[j]!);
                if (same) same.push(j);
                else by.set(shape.key[j]!, [j]);
            }
        return order([...by].map(([k, nodes]) => add(k, index, nodes)));
    };
    add(-1, -1, roots);
    groups[0]!.self = 0;
    groups[0]!.children = [add(key, 0, roots)];
    return {
        keys: shape.keys,
        root: 0,
        key: i => groups[i]!.key,
        parent: i => groups[i]!.parent,
        total: i => groups[i]!.total,
        self: i => groups[i]!.self,
        children: i => (groups[i]!.children ??= split(i)),
    };
}

/** By key: self, and total with nested nodes counted once. */
export function byKey(shape: Shape, w: Weights): { self: Float64Array; total: Float64Array } {
    const n = shape.keys.n;
    const self = new Float64Array(n);
    const total = new Float64Array(n);
    for (let i = 1; i < shape.n; i++) {
        const k = shape.key[i]!;
        self[k]! += w.self[i]!;
        if (!shape.nested[i]) total[k]! += w.total[i]!;
    }
    return { self, total };
}

/** Weight of the nodes whose key matches, nested ones counted once. */
export function matchedTotal(shape: Shape, w: Weights, matches: Uint8Array): number {
    const inside = new Uint8Array(shape.n);
    let sum = 0;
    for (let i = 1; i < shape.n; i++) {
        if (inside[shape.parent[i]!]) inside[i] = 1;
        else if (matches[shape.key[i]!]) {
            inside[i] = 1;
            sum += w.total[i]!;
        }
    }
    return sum;
}
