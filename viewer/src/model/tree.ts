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
    children(node: number): readonly number[];
    /** In a comparison: what the two sides have here. */
    sides?(node: number): { before: number; after: number };
}

/** From callers to callees. */
export function downTree(shape: Shape, w: Weights): Tree {
    const kept = new Map<number, number[]>();
    return {
        keys: shape.keys,
        root: 0,
        key: i => (i === 0 ? -1 : shape.key[i]!),
        parent: i => (i === 0 ? -1 : shape.parent[i]!),
        total: i => w.total[i]!,
        self: i => w.self[i]!,
        children(i) {
            let c = kept.get(i);
            if (!c) {
                c = Array.from(shape.child.subarray(shape.childStart[i]!, shape.childStart[i + 1]!)).filter(
                    j => w.total[j]! > 0,
                );
                c.sort((a, b) => w.total[b]! - w.total[a]! || a - b);
                kept.set(i, c);
            }
            return c;
        },
    };
}

interface UpNode {
    key: number;
    parent: number;
    total: number;
    self: number;
    // Where in the shape its paths have come to.  Most are few: plain arrays are far cheaper to make than typed ones.
    at: number[];
    weight: number[];
    children: number[] | null;
}

const NONE: number[] = [];

/** From callees to callers, beginning at AT (merged nodes) with WEIGHT; levels come to be as they are looked at. */
export function upTree(shape: Shape, at: number[], weight: number[]): Tree {
    const nodes: UpNode[] = [];
    // A single path has a single caller.
    const step = (from: UpNode, index: number): number[] => {
        const node = shape.parent[from.at[0]!]!;
        if (node === 0) return NONE;
        const { total, weight } = from;
        const self = shape.parent[node] === 0 ? total : 0;
        return [
            nodes.push({
                key: shape.key[node]!,
                parent: index,
                total,
                self,
                at: [node],
                weight,
                children: null,
            }) - 1,
        ];
    };
    const group = (from: UpNode, index: number, first: boolean): number[] => {
        const rows = new Map<number, number>();
        const made: number[] = [];
        for (let i = 0; i < from.at.length; i++) {
            const node = first ? from.at[i]! : shape.parent[from.at[i]!]!;
            if (node === 0) continue;
            const key = shape.key[node]!;
            let r = rows.get(key);
            if (r === undefined) {
                r =
                    nodes.push({
                        key,
                        parent: index,
                        total: 0,
                        self: 0,
                        at: [],
                        weight: [],
                        children: null,
                    }) - 1;
                rows.set(key, r);
                made.push(r);
            }
            const to = nodes[r]!;
            const w = from.weight[i]!;
            to.at.push(node);
            to.weight.push(w);
            to.total += w;
            if (shape.parent[node] === 0) to.self += w;
        }
        return made.sort((a, b) => nodes[b]!.total - nodes[a]!.total || a - b);
    };
    let total = 0;
    for (const w of weight) total += w;
    nodes.push({ key: -1, parent: -1, total, self: 0, at, weight, children: null });
    return {
        keys: shape.keys,
        root: 0,
        key: i => nodes[i]!.key,
        parent: i => nodes[i]!.parent,
        total: i => nodes[i]!.total,
        self: i => nodes[i]!.self,
        children(i) {
            const at = nodes[i]!;
            return (at.children ??= i > 0 && at.at.length === 1 ? step(at, i) : group(at, i, i === 0));
        },
    };
}

/** Everything by where it was spent, callers below. */
export function invertTree(shape: Shape, w: Weights): Tree {
    const at: number[] = [];
    const weight: number[] = [];
    for (let i = 1; i < shape.n; i++)
        if (w.self[i]! > 0) {
            at.push(i);
            weight.push(w.self[i]!);
        }
    return upTree(shape, at, weight);
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
    const at = outermost(shape, key);
    return upTree(
        shape,
        at,
        at.map(i => w.total[i]!),
    );
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
    // A node counts unless its key is on the way to the root.  Walking in the order of a depth-first pass keeps a
    // count of open nodes by key.
    const open = new Uint32Array(n);
    const stack: number[] = [];
    const push = (i: number) => {
        for (let c = shape.childStart[i + 1]! - 1; c >= shape.childStart[i]!; c--)
            stack.push(shape.child[c]!);
    };
    push(0);
    while (stack.length > 0) {
        const i = stack.pop()!;
        if (i < 0) {
            open[shape.key[-i]!]!--;
            continue;
        }
        const k = shape.key[i]!;
        self[k]! += w.self[i]!;
        if (open[k]!++ === 0) total[k]! += w.total[i]!;
        stack.push(-i);
        push(i);
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
