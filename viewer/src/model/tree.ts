// What a flame graph draws: nodes with a key and a weight, whose children are asked for only where they are seen.
import type { Keys, Shape, Weights } from './merge';
import { Kind } from './page';

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

const NONE: readonly number[] = [];

/** From callers to callees. */
export function downTree(shape: Shape, w: Weights): Tree {
    const { childStart, child } = shape;
    const made = new Map<number, readonly number[]>(); // of nodes that were asked for
    return {
        keys: shape.keys,
        root: 0,
        key: i => (i === 0 ? -1 : shape.key[i]!),
        parent: i => (i === 0 ? -1 : shape.parent[i]!),
        total: i => w.total[i]!,
        self: i => w.self[i]!,
        children(i) {
            if (childStart[i] === childStart[i + 1]) return NONE;
            let of = made.get(i);
            if (!of) made.set(i, (of = heaviest(child, childStart[i]!, childStart[i + 1]!, w.total)));
            return of;
        },
    };
}

/** Of AT[from, to) those with any weight, heaviest first. */
function heaviest(at: Uint32Array, from: number, to: number, total: Float64Array): number[] {
    const out: number[] = [];
    for (let i = from; i < to; i++) if (total[at[i]!]! > 0) out.push(at[i]!);
    return out.length < 2 ? out : out.sort((a, b) => total[b]! - total[a]! || a - b);
}

/** Merged nodes, each with a weight. */
interface Paths {
    readonly node: Uint32Array;
    readonly weight: Float64Array;
}

/** Paths that are being found; used again for each level. */
class Found {
    node = new Uint32Array(1024);
    weight = new Float64Array(1024);
    n = 0;

    add(node: number, weight: number): void {
        if (this.n === this.node.length) {
            const [node0, weight0] = [this.node, this.weight];
            this.node = new Uint32Array(2 * this.n);
            this.weight = new Float64Array(2 * this.n);
            this.node.set(node0);
            this.weight.set(weight0);
        }
        this.node[this.n] = node;
        this.weight[this.n++] = weight;
    }
}

/** A node of a tree that stands for several merged nodes: its paths are [from, to) of PATHS. */
interface PathNode {
    readonly key: number;
    readonly parent: number;
    paths: Paths | null; // null: found where they are first asked for
    from: number;
    to: number;
    total: number;
    self: number; // known with the children
    children: readonly number[] | null;
}

interface Walk {
    /** The first level: by key, its weight. */
    readonly first: readonly { key: number; total: number }[];
    /** The paths of a key of the first level. */
    begin(key: number, into: Found): void;
    /** One step on from a path; what is not passed on is the node's own. */
    step(node: number, weight: number, into: Found): number;
}

/** Levels come to be as they are looked at: what stands behind a path, those of one key as one node. */
function pathTree(shape: Shape, walk: Walk): Tree {
    const nodes: PathNode[] = [];
    const make = (key: number, parent: number, paths: Paths | null, at: number, total: number): number =>
        nodes.push({ key, parent, paths, from: at, to: at, total, self: 0, children: null }) - 1;
    const heaviestFirst = (of: number[]) => of.sort((a, b) => nodes[b]!.total - nodes[a]!.total || a - b);
    const count = new Uint32Array(shape.keys.n); // by key, while a level is made
    const place = new Int32Array(shape.keys.n);
    const found = new Found();

    const begin = (node: PathNode): Paths => {
        found.n = 0;
        walk.begin(node.key, found);
        node.paths = { node: found.node.slice(0, found.n), weight: found.weight.slice(0, found.n) };
        node.to = found.n;
        return node.paths;
    };
    /** What was found, of one key beside each other. */
    const group = (parent: number): readonly number[] => {
        const keys: number[] = [];
        for (let i = 0; i < found.n; i++) {
            const key = shape.key[found.node[i]!]!;
            if (count[key]!++ === 0) keys.push(key);
        }
        const paths: Paths = { node: new Uint32Array(found.n), weight: new Float64Array(found.n) };
        const out: number[] = [];
        let at = 0;
        for (const key of keys) {
            out.push((place[key] = make(key, parent, paths, at, 0)));
            at += count[key]!;
            count[key] = 0;
        }
        for (let i = 0; i < found.n; i++) {
            const node = nodes[place[shape.key[found.node[i]!]!]!]!;
            paths.node[node.to] = found.node[i]!;
            paths.weight[node.to++] = found.weight[i]!;
            node.total += found.weight[i]!;
        }
        return heaviestFirst(out);
    };
    const children = (index: number): readonly number[] => {
        const node = nodes[index]!;
        if (node.children) return node.children;
        const paths = node.paths ?? begin(node);
        found.n = 0;
        for (let i = node.from; i < node.to; i++)
            node.self += walk.step(paths.node[i]!, paths.weight[i]!, found);
        return (node.children = found.n === 0 ? NONE : group(index));
    };
    make(-1, -1, null, 0, 0);
    nodes[0]!.children = heaviestFirst(walk.first.map(f => make(f.key, 0, null, 0, f.total)));
    for (const f of walk.first) nodes[0]!.total += f.total;
    return {
        keys: shape.keys,
        root: 0,
        key: i => nodes[i]!.key,
        parent: i => nodes[i]!.parent,
        total: i => nodes[i]!.total,
        self(i) {
            children(i);
            return nodes[i]!.self;
        },
        children,
    };
}

/** Towards the root; what has come there is the node's own. */
function stepUp(shape: Shape): Walk['step'] {
    return (node, weight, into) => {
        const up = shape.parent[node]!;
        if (up === 0) return weight;
        into.add(up, weight);
        return 0;
    };
}

/** Everything by where it was spent, callers below. */
export function invertTree(shape: Shape, w: Weights): Tree {
    const self = new Float64Array(shape.keys.n);
    for (let i = 1; i < shape.n; i++) self[shape.key[i]!]! += w.self[i]!;
    const first: { key: number; total: number }[] = [];
    for (let k = 0; k < shape.keys.n; k++) if (self[k]! > 0) first.push({ key: k, total: self[k]! });
    return pathTree(shape, {
        first,
        begin(key, into) {
            for (let i = shape.keyStart[key]!; i < shape.keyStart[key + 1]!; i++) {
                const node = shape.keyNode[i]!;
                if (w.self[node]! > 0) into.add(node, w.self[node]!);
            }
        },
        step: stepUp(shape),
    });
}

/** The outermost nodes of KEY that weigh anything: nested ones (recursion) are within them. */
function outermost(shape: Shape, w: Weights, key: number, into: (node: number) => void): void {
    for (let i = shape.keyStart[key]!; i < shape.keyStart[key + 1]!; i++) {
        const node = shape.keyNode[i]!;
        if (!shape.nested[node] && w.total[node]! > 0) into(node);
    }
}

/** KEY alone on the first level, with its outermost nodes. */
function fromKey(shape: Shape, w: Weights, key: number, step: Walk['step']): Tree {
    let total = 0;
    outermost(shape, w, key, i => (total += w.total[i]!));
    return pathTree(shape, {
        first: [{ key, total }],
        begin: (k, into) => outermost(shape, w, k, i => into.add(i, w.total[i]!)),
        step,
    });
}

/** Who calls KEY: the first level is KEY itself. */
export function callersTree(shape: Shape, w: Weights, key: number): Tree {
    return fromKey(shape, w, key, stepUp(shape));
}

/** What KEY calls: all its outermost nodes as one. */
export function calleesTree(shape: Shape, w: Weights, key: number): Tree {
    return fromKey(shape, w, key, (node, _weight, into) => {
        for (let c = shape.childStart[node]!; c < shape.childStart[node + 1]!; c++) {
            const j = shape.child[c]!;
            if (w.total[j]! > 0) into.add(j, w.total[j]!);
        }
        return w.self[node]!;
    });
}

/** Of each key, whether it is Lua at work for the function that it runs, in none of its other roles. */
function vmKeys(keys: Keys): Uint8Array {
    return Uint8Array.from({ length: keys.n }, (_, k) =>
        Number(keys.kind[k] === Kind.Vm && keys.label[k] === '[vm]'),
    );
}

/**
 * By key: self, and total with nested nodes counted once.  What Lua's VM does for a Lua function is the function's own,
 * as in the report.
 */
export function byKey(shape: Shape, w: Weights): { self: Float64Array; total: Float64Array } {
    const { keys } = shape;
    const self = new Float64Array(keys.n);
    const total = new Float64Array(keys.n);
    const vm = vmKeys(keys);
    for (let i = 1; i < shape.n; i++) {
        const k = shape.key[i]!;
        const up = shape.parent[i]!;
        const ofLua = vm[k] && up !== 0 && keys.kind[shape.key[up]!] === Kind.Lua;
        self[ofLua ? shape.key[up]! : k]! += w.self[i]!;
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
