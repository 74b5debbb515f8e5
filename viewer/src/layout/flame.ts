// Where the frames of a flame graph stand: only those that are wide enough to be seen are looked at at all.
import { withRoom } from '../model/buffers';
import { once } from '../model/once';
import type { Tree } from '../model/tree';

export interface Box {
    readonly node: number;
    readonly depth: number;
    readonly x: number; // pixels
    readonly w: number;
}

/** Boxes in order of depth, then x: columns, since there are thousands. */
export class Boxes {
    n = 0;
    node = new Int32Array(1024);
    x = new Float64Array(1024);
    w = new Float64Array(1024);
    readonly start: number[] = []; // by depth: its first; one more at the end

    add(node: number, x: number, w: number): void {
        if (this.n === this.node.length) {
            this.node = withRoom(this.node, this.n + 1);
            this.x = withRoom(this.x, this.n + 1);
            this.w = withRoom(this.w, this.n + 1);
        }
        this.node[this.n] = node;
        this.x[this.n] = x;
        this.w[this.n++] = w;
    }
}

/** A function and no method: boxes may come from the worker. */
export function boxNo(b: Boxes, i: number): Box {
    let depth = b.start.length - 1;
    while (b.start[depth]! > i) depth--;
    return { node: b.node[i]!, depth, x: b.x[i]!, w: b.w[i]! };
}

export interface FlameLayout {
    readonly boxes: Boxes;
    readonly depth: number; // rows
    readonly narrow: { n: number; weight: number }; // siblings too narrow to be drawn (each with all below it)
    readonly narrowBoxes: Boxes; // where they are: node is their parent
}

/** Adds NODE to LIST, which stays in order of weight, heaviest first. */
function insert(list: number[], tree: Tree, node: number, total: number): void {
    let at = list.length;
    for (; at > 0 && tree.total(list[at - 1]!) < total; at--) list[at] = list[at - 1]!;
    list[at] = node;
}

/**
 * ROOT fills the width; its ancestors stand above it, as wide.  Frames narrower than LEAST pixels are left out,
 * counted, and marked by one box for neighbours.
 */
export function layoutFlame(tree: Tree, root: number, width: number, least: number): FlameLayout {
    const boxes = new Boxes();
    const narrowBoxes = new Boxes();
    const narrow = { n: 0, weight: 0 };
    const above: number[] = [];
    for (let i = tree.parent(root); i >= 0; i = tree.parent(i)) above.unshift(i);
    for (const node of [...above, root]) {
        boxes.start.push(boxes.n);
        narrowBoxes.start.push(0);
        boxes.add(node, 0, width);
    }
    const scale = tree.total(root) > 0 ? width / tree.total(root) : 0;
    const wide: number[] = []; // children of one frame
    for (let from = boxes.n - 1; from < boxes.n;) {
        const to = boxes.n;
        boxes.start.push(to);
        narrowBoxes.start.push(narrowBoxes.n);
        for (let b = from; b < to; b++) {
            const node = boxes.node[b]!;
            const n = tree.childN(node);
            let weight = 0; // of those too narrow
            wide.length = 0;
            for (let c = 0; c < n; c++) {
                const child = tree.child(node, c);
                const total = tree.total(child);
                if (total * scale >= least && total > 0) insert(wide, tree, child, total);
                else if (total > 0) {
                    narrow.n++;
                    weight += total;
                }
            }
            let x = boxes.x[b]!;
            for (const child of wide) {
                const w = tree.total(child) * scale;
                boxes.add(child, x, w);
                x += w;
            }
            narrow.weight += weight;
            if (weight > 0) narrowBoxes.add(node, x, weight * scale);
        }
        from = to;
    }
    narrowBoxes.start.push(narrowBoxes.n);
    return { boxes, depth: boxes.start.length - 1, narrow, narrowBoxes };
}

export const LEAST = 0.5; // pixels of a frame that is drawn

/** The whole of a tree is laid out once for each width. */
export function laidOut(tree: Tree, root: number, width: number): FlameLayout {
    const make = () => layoutFlame(tree, root, width, LEAST);
    return root === tree.root && tree.owner ? once(tree.owner, `layout ${width}`, make) : make();
}

/** The box at a point, by binary search in its row. */
export function boxAt({ boxes, depth: rows }: FlameLayout, depth: number, x: number): Box | null {
    if (depth < 0 || depth >= rows) return null;
    let lo = boxes.start[depth]!;
    let hi = boxes.start[depth + 1]! - 1;
    while (lo <= hi) {
        const mid = (lo + hi) >> 1;
        if (x < boxes.x[mid]!) hi = mid - 1;
        else if (x >= boxes.x[mid]! + boxes.w[mid]!) lo = mid + 1;
        else return boxNo(boxes, mid);
    }
    return null;
}

/** The box of a node; null where it is not shown. */
export function boxOf({ boxes }: FlameLayout, node: number): Box | null {
    const i = boxes.node.subarray(0, boxes.n).indexOf(node);
    return i < 0 ? null : boxNo(boxes, i);
}

export type Step = 'in' | 'out' | 'left' | 'right';

/** The box one step away from NODE, for the keyboard; null where there is none. */
export function neighbour(layout: FlameLayout, tree: Tree, node: number, step: Step): Box | null {
    const { boxes } = layout;
    const shown = boxes.node.subarray(0, boxes.n);
    const at = shown.indexOf(node);
    if (at < 0) return boxNo(boxes, 0);
    if (step === 'out') return boxOf(layout, tree.parent(node));
    const to =
        step === 'in' ? shown.findIndex(n => tree.parent(n) === node) : at + (step === 'left' ? -1 : 1);
    const side = to >= 0 && to < boxes.n ? boxNo(boxes, to) : null;
    return side && side.depth === boxNo(boxes, at).depth + (step === 'in' ? 1 : 0) ? side : null;
}
