// What a flame graph draws: nodes with a key and a weight, whose children are asked for only where they are seen.
import { bytesOfRow, giveBackColumns, grownColumns, takeColumns, type Columns } from './buffers';
import type { Keys, Shape, Weights } from './merge';
import { Kind } from './page';

export interface Tree {
    readonly keys: Keys;
    readonly root: number;
    key(node: number): number; // of the root: -1
    parent(node: number): number; // of the root: -1
    total(node: number): number;
    self(node: number): number;
    /** Children stand in no order; some may weigh nothing. */
    childN(node: number): number;
    child(node: number, i: number): number;
    /** What is derived from the tree may be kept with it. */
    readonly owner?: object;
    /** Its memory is used again: nobody may look at it any more. */
    release?(): void;
    /** In a comparison: what the two sides have here. */
    sides?(node: number): { before: number; after: number };
}

/** From callers to callees. */
export function downTree(shape: Shape, w: Weights): Tree {
    const { childStart, child } = shape;
    return {
        keys: shape.keys,
        owner: w,
        root: 0,
        key: i => (i === 0 ? -1 : shape.key[i]!),
        parent: i => (i === 0 ? -1 : shape.parent[i]!),
        total: i => w.total[i]!,
        self: i => w.self[i]!,
        childN: i => childStart[i + 1]! - childStart[i]!,
        child: (i, c) => child[childStart[i]! + c]!,
    };
}

/** Merged nodes, each with a weight. */
class Paths {
    static readonly BYTES = bytesOfRow(1, 1);
    n = 0;
    private columns: Columns;
    node: Int32Array;
    weight: Float64Array;

    constructor(rows: number) {
        this.columns = takeColumns(rows, 1, 1);
        this.node = this.columns.ints[0]!;
        this.weight = this.columns.floats[0]!;
    }

    room(n: number): void {
        if (n <= this.columns.rows) return;
        this.columns = grownColumns(this.columns, n);
        this.node = this.columns.ints[0]!;
        this.weight = this.columns.floats[0]!;
    }

    add(node: number, weight: number): void {
        if (this.n === this.node.length) this.room(this.n + 1);
        this.node[this.n] = node;
        this.weight[this.n++] = weight;
    }

    release(): void {
        giveBackColumns(this.columns);
    }
}

/** Nodes of a tree that stand for several merged nodes each; the children of one stand side by side. */
class PathNodes {
    static readonly BYTES = bytesOfRow(2, 6);
    n = 0;
    private columns: Columns;
    key!: Int32Array;
    parent!: Int32Array;
    total!: Float64Array;
    self!: Float64Array; // known with the children
    from!: Int32Array; // its paths are [from, to); -1: found where they are first asked for
    to!: Int32Array;
    first!: Int32Array; // child; -1: children were not asked for
    childN!: Int32Array;

    constructor(rows: number) {
        this.columns = takeColumns(rows, 2, 6);
        this.name();
    }

    private name(): void {
        const { floats, ints } = this.columns;
        [this.total, this.self] = [floats[0]!, floats[1]!];
        [this.key, this.parent, this.from] = [ints[0]!, ints[1]!, ints[2]!];
        [this.to, this.first, this.childN] = [ints[3]!, ints[4]!, ints[5]!];
    }

    add(key: number, parent: number, total: number): number {
        if (this.n === this.columns.rows) {
            this.columns = grownColumns(this.columns, this.n + 1);
            this.name();
        }
        this.key[this.n] = key;
        this.parent[this.n] = parent;
        this.total[this.n] = total;
        this.from[this.n] = -1;
        this.first[this.n] = -1;
        return this.n++;
    }

    release(): void {
        giveBackColumns(this.columns);
    }
}

interface Walk {
    /** The first level: by key, its weight. */
    readonly first: readonly { key: number; total: number }[];
    /** The paths of a key of the first level. */
    begin(key: number, into: Paths): void;
    /** One step on from a path; what is not passed on is the node's own. */
    step(node: number, weight: number, into: Paths): number;
}

/** Rows that a tree of paths has room for at first. */
const FEW = 1 << 8;
const MANY = 1 << 16;

/** Bytes of the tables that a tree of paths begins with. */
export function roomOfPaths(shape: Shape): number[] {
    const rows = firstRows(shape);
    return [PathNodes.BYTES * rows, Paths.BYTES * rows, Paths.BYTES * rows];
}

const firstRows = (shape: Shape) => Math.max(FEW, Math.min(MANY, shape.n));

/** Levels come to be as they are looked at: what stands behind a path, those of one key as one node. */
function pathTree(shape: Shape, walk: Walk): Tree {
    const rows = firstRows(shape);
    const nodes = new PathNodes(rows);
    const paths = new Paths(rows);
    const found = new Paths(rows); // of one level, before it is grouped
    const count = new Int32Array(shape.keys.n); // by key, while a level is made
    const place = new Int32Array(shape.keys.n);

    const begin = (node: number): void => {
        nodes.from[node] = paths.n;
        walk.begin(nodes.key[node]!, paths);
        nodes.to[node] = paths.n;
    };
    /** What was found becomes the children of PARENT: paths of one key beside each other. */
    const group = (parent: number): void => {
        for (let i = 0; i < found.n; i++) {
            const key = shape.key[found.node[i]!]!;
            if (count[key]!++ === 0) place[key] = nodes.add(key, parent, 0);
        }
        const { key, from, to, total } = nodes;
        paths.room(paths.n + found.n);
        for (let c = nodes.first[parent]!; c < nodes.n; c++) {
            from[c] = to[c] = paths.n;
            paths.n += count[key[c]!]!;
            count[key[c]!] = 0;
        }
        for (let i = 0; i < found.n; i++) {
            const c = place[shape.key[found.node[i]!]!]!;
            paths.node[to[c]!] = found.node[i]!;
            paths.weight[to[c]!++] = found.weight[i]!;
            total[c]! += found.weight[i]!;
        }
    };
    const open = (node: number): void => {
        if (nodes.first[node]! >= 0) return;
        if (nodes.from[node]! < 0) begin(node);
        found.n = 0;
        let self = 0;
        for (let i = nodes.from[node]!; i < nodes.to[node]!; i++)
            self += walk.step(paths.node[i]!, paths.weight[i]!, found);
        nodes.self[node] = self;
        nodes.first[node] = nodes.n;
        group(node);
        nodes.childN[node] = nodes.n - nodes.first[node]!;
    };
    nodes.add(-1, -1, 0);
    nodes.first[0] = 1;
    for (const f of walk.first) {
        nodes.add(f.key, 0, f.total);
        nodes.total[0]! += f.total;
    }
    nodes.childN[0] = walk.first.length;
    return {
        keys: shape.keys,
        root: 0,
        key: i => nodes.key[i]!,
        parent: i => nodes.parent[i]!,
        total: i => nodes.total[i]!,
        self(i) {
            open(i);
            return nodes.self[i]!;
        },
        childN(i) {
            open(i);
            return nodes.childN[i]!;
        },
        child: (i, c) => nodes.first[i]! + c,
        release() {
            for (const x of [nodes, paths, found]) x.release();
        },
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
        if (w.total[i] === 0 && w.self[i] === 0) continue; // most, where there is a filter
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
