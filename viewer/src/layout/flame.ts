// Where the frames of a flame graph stand: only those that are wide enough to be seen are looked at at all.
import type { Tree } from '../model/tree';

export interface Box {
    readonly node: number;
    readonly depth: number;
    readonly x: number; // pixels
    readonly w: number;
}

export interface FlameLayout {
    readonly boxes: readonly Box[]; // in order of depth, then x
    readonly rowStart: readonly number[]; // by depth: first box; one more at the end
    readonly depth: number; // rows
    readonly narrow: { n: number; weight: number }; // siblings too narrow to be drawn (each with all below it)
    readonly narrowBoxes: readonly Box[]; // where they are: node is their parent
}

/**
 * ROOT fills the width; its ancestors stand above it, as wide.  Frames narrower than LEAST pixels are left out,
 * counted, and marked by one box for neighbours.
 */
export function layoutFlame(tree: Tree, root: number, width: number, least: number): FlameLayout {
    const boxes: Box[] = [];
    const narrowBoxes: Box[] = [];
    const rowStart: number[] = [];
    const narrow = { n: 0, weight: 0 };
    const above: number[] = [];
    for (let i = tree.parent(root); i >= 0; i = tree.parent(i)) above.unshift(i);
    above.forEach((node, depth) => {
        rowStart.push(boxes.length);
        boxes.push({ node, depth, x: 0, w: width });
    });
    let row: Box[] = [{ node: root, depth: above.length, x: 0, w: width }];
    const scale = tree.total(root) > 0 ? width / tree.total(root) : 0;
    while (row.length > 0) {
        rowStart.push(boxes.length);
        const next: Box[] = [];
        for (const box of row) {
            boxes.push(box);
            let x = box.x;
            const children = tree.children(box.node);
            for (let c = 0; c < children.length; c++) {
                const w = tree.total(children[c]!) * scale;
                if (w < least) {
                    // Heaviest first: all that follow are narrower still.
                    let weight = 0;
                    for (let r = c; r < children.length; r++) weight += tree.total(children[r]!);
                    narrow.n += children.length - c;
                    narrow.weight += weight;
                    narrowBoxes.push({ node: box.node, depth: box.depth + 1, x, w: weight * scale });
                    break;
                }
                next.push({ node: children[c]!, depth: box.depth + 1, x, w });
                x += w;
            }
        }
        row = next;
    }
    rowStart.push(boxes.length);
    return { boxes, rowStart, depth: rowStart.length - 1, narrow, narrowBoxes };
}

/** The box at a point, by binary search in its row. */
export function boxAt(layout: FlameLayout, depth: number, x: number): Box | null {
    if (depth < 0 || depth >= layout.depth) return null;
    let lo = layout.rowStart[depth]!;
    let hi = layout.rowStart[depth + 1]! - 1;
    while (lo <= hi) {
        const mid = (lo + hi) >> 1;
        const b = layout.boxes[mid]!;
        if (x < b.x) hi = mid - 1;
        else if (x >= b.x + b.w) lo = mid + 1;
        else return b;
    }
    return null;
}

/** The box of a node; null where it is not shown. */
export function boxOf(layout: FlameLayout, node: number): Box | null {
    return layout.boxes.find(b => b.node === node) ?? null;
}

export type Step = 'in' | 'out' | 'left' | 'right';

/** The box one step away from NODE, for the keyboard; null where there is none. */
export function neighbour(layout: FlameLayout, tree: Tree, node: number, step: Step): Box | null {
    const at = layout.boxes.findIndex(b => b.node === node);
    if (at < 0) return layout.boxes[0] ?? null;
    const box = layout.boxes[at]!;
    if (step === 'out') return layout.boxes.find(b => b.node === tree.parent(node)) ?? null;
    if (step === 'in')
        return layout.boxes.find(b => tree.parent(b.node) === node && b.depth === box.depth + 1) ?? null;
    const side = layout.boxes[at + (step === 'left' ? -1 : 1)];
    return side && side.depth === box.depth ? side : null;
}
