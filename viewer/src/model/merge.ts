// Stacks seen by function, by line or by module: nodes of one key below one parent are one node.
//
// A shape (which base node falls into which merged node) depends on the stacks only and is kept; weights change
// with every filter and are added up anew, which takes a few milliseconds for 200,000 nodes.
import { takeNumbers, takeZeros } from './buffers';
import { once } from './once';
import { Kind, type Frames, type Stacks } from './page';
import { baseName } from './units';

export type By = 'function' | 'line' | 'module';

/** What a frame is called in a view, with its kind, as dense numbers. */
export interface Keys {
    readonly by: By;
    readonly n: number;
    readonly ofFrame: Int32Array; // -1: the frame is not shown (notes, by module)
    readonly label: readonly string[];
    readonly kind: Uint8Array;
    readonly file: readonly string[];
    readonly line: Uint32Array;
    readonly module: readonly string[];
}

export interface Shape {
    readonly keys: Keys;
    readonly n: number;
    readonly of: Uint32Array; // base node -> merged node
    readonly parent: Uint32Array;
    readonly key: Uint32Array; // of merged nodes; of the root 0
    readonly childStart: Uint32Array; // children of i: child[childStart[i] .. childStart[i + 1])
    readonly child: Uint32Array;
    readonly keyStart: Uint32Array; // nodes of key k, in ascending order: keyNode[keyStart[k] .. keyStart[k + 1])
    readonly keyNode: Uint32Array;
    readonly nested: Uint8Array; // 1: its key is on the way to the root, too (recursion)
}

/**
 * As the report says it: `name file.lua:12`, `file.lua:12 (main chunk)`, or `file.lua:12` where the function has no
 * name but its place.
 */
function lineLabel(label: string, path: string, line: number): string {
    const base = baseName(path);
    if (label === `${base} (main chunk)`) return `${base}:${line} (main chunk)`;
    return label.startsWith(base + ':') && !label.includes('[', base.length)
        ? `${base}:${line}`
        : `${label} ${base}:${line}`;
}

/** Pairs of numbers, each below 2^32, numbered from 1 on in order of appearance: an open hash table. */
export class Pairs {
    private slot: Uint32Array;
    private mask: number;
    readonly a: Uint32Array;
    readonly b: Uint32Array;
    n = 1;

    constructor(most: number) {
        let size = 16;
        while (size < most * 2) size *= 2;
        this.slot = new Uint32Array(size);
        this.mask = size - 1;
        this.a = new Uint32Array(most + 1);
        this.b = new Uint32Array(most + 1);
    }

    number(a: number, b: number): number {
        let h = Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b);
        h ^= h >>> 15;
        for (let i = h & this.mask; ; i = (i + 1) & this.mask) {
            const at = this.slot[i]!;
            if (at === 0) {
                this.a[this.n] = a;
                this.b[this.n] = b;
                this.slot[i] = this.n;
                return this.n++;
            }
            if (this.a[at] === a && this.b[at] === b) return at;
        }
    }
}

/** By function: a number for what is one in a view, the same for the same text; -1: not shown. */
function named(frames: Frames, by: By): Int32Array {
    const fns = frames.functions;
    const seen = new Map<string, number>();
    return Int32Array.from({ length: fns.n }, (_, f) => {
        if (by === 'module' && fns.kind[f] === Kind.Note) return -1;
        const label = frames.strings[fns.label[f]!]!;
        // Kind and label name a function: functions of one name are one, as in the report.
        const id = by === 'module' ? frames.strings[fns.module[f]!]! || label : `${fns.kind[f]} ${label}`;
        const known = seen.get(id) ?? seen.size;
        seen.set(id, known);
        return known;
    });
}

export function makeKeys(frames: Frames, by: By): Keys {
    const fns = frames.functions;
    const name = named(frames, by);
    const ofFrame = new Int32Array(frames.fn.length);
    const pairs = new Pairs(ofFrame.length);
    const label: string[] = [];
    const kind: number[] = [];
    const file: string[] = [];
    const line: number[] = [];
    const module: string[] = [];
    for (let i = 0; i < ofFrame.length; i++) {
        const f = frames.fn[i]!;
        if (name[f]! < 0) {
            ofFrame[i] = -1;
            continue;
        }
        const at = frames.line[i]!;
        const k = pairs.number(name[f]!, by === 'line' ? at : 0) - 1;
        ofFrame[i] = k;
        if (k < label.length) continue;
        const fnLabel = frames.strings[fns.label[f]!]!;
        const mod = frames.strings[fns.module[f]!]! || fnLabel;
        const path = frames.strings[fns.file[f]!]!;
        label.push(by === 'module' ? mod : by === 'line' && at ? lineLabel(fnLabel, path, at) : fnLabel);
        kind.push(fns.kind[f]!);
        file.push(path);
        line.push(by === 'line' && at ? at : by === 'module' ? 0 : fns.line[f]!);
        module.push(mod);
    }
    return {
        by,
        n: label.length,
        ofFrame,
        label,
        kind: Uint8Array.from(kind),
        file,
        line: Uint32Array.from(line),
        module,
    };
}

export function makeShape(stacks: Stacks, keys: Keys): Shape {
    const of = new Uint32Array(stacks.n);
    const pairs = new Pairs(stacks.n);
    for (let i = 1; i < stacks.n; i++) {
        const up = of[stacks.parent[i]!]!;
        const key = keys.ofFrame[stacks.frame[i]!]!;
        const same = keys.by === 'module' && up !== 0 && pairs.b[up] === key;
        of[i] = key < 0 || same ? up : pairs.number(up, key);
    }
    const n = pairs.n;
    return withChildren({ keys, n, of, parent: pairs.a.slice(0, n), key: pairs.b.slice(0, n) });
}

/** Of stacks whose frames are FRAMES, made once. */
export function shapeOf(frames: Frames, stacks: Stacks, by: By): Shape {
    const keys = once(frames, `keys ${by}`, () => makeKeys(frames, by));
    return once(stacks, `shape ${by}`, () => makeShape(stacks, keys));
}

/** The same shape, for nodes that were made from several stacks (diff). */
export function withChildren(
    s: Omit<Shape, 'childStart' | 'child' | 'keyStart' | 'keyNode' | 'nested'>,
): Shape {
    const [childStart, child] = listed(s.parent, s.n);
    const [keyStart, keyNode] = listed(s.key, s.keys.n);
    return { ...s, childStart, child, keyStart, keyNode, nested: nestedOf(s, childStart, child) };
}

/** Nodes (but the root) by a number of theirs below N: where each number's begin, and all of them. */
function listed(of: Uint32Array, n: number): [Uint32Array, Uint32Array] {
    const start = new Uint32Array(n + 1);
    for (let i = 1; i < of.length; i++) start[of[i]! + 1]!++;
    for (let i = 0; i < n; i++) start[i + 1]! += start[i]!;
    const next = start.slice();
    const node = new Uint32Array(Math.max(0, of.length - 1));
    for (let i = 1; i < of.length; i++) node[next[of[i]!]!++] = i;
    return [start, node];
}

/** In the order of a depth-first pass, with a count of open nodes by key. */
function nestedOf(
    s: Pick<Shape, 'n' | 'keys' | 'key' | 'parent'>,
    childStart: Uint32Array,
    child: Uint32Array,
): Uint8Array {
    const nested = new Uint8Array(s.n);
    const open = new Uint32Array(s.keys.n);
    const next = childStart.slice(0, s.n);
    for (let at = 0; ;) {
        if (next[at]! < childStart[at + 1]!) {
            at = child[next[at]!++]!;
            if (open[s.key[at]!]!++ > 0) nested[at] = 1;
        } else if (at === 0) return nested;
        else {
            open[s.key[at]!]!--;
            at = s.parent[at]!;
        }
    }
}

export interface Weights {
    readonly self: Float64Array;
    readonly total: Float64Array;
}

/** Base weights added up to merged nodes. */
export function weigh(shape: Shape, base: Float64Array): Weights {
    const self = takeZeros(shape.n);
    for (let i = 0; i < base.length; i++) self[shape.of[i]!]! += base[i]!;
    return withTotals(shape, self);
}

/** Totals include everything below. */
export function withTotals({ n, parent }: Shape, self: Float64Array): Weights {
    const total = takeNumbers(n);
    total.set(self);
    for (let i = n - 1; i > 0; i--) total[parent[i]!]! += total[i]!;
    return { self, total };
}
