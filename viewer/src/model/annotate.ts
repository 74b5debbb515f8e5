// Weights by line of a source file.
import { once } from './once';
import type { Frames, Metric, Process } from './page';
import { shapeOf, weigh } from './merge';
import { byKey } from './tree';

export interface LineWeights {
    readonly self: Map<number, number>;
    readonly total: Map<number, number>;
    readonly selfSum: number;
}

/** Of a metric of a process, without filter. */
export function linesOf(p: Process, metric: Metric | null): ReadonlyMap<string, LineWeights> {
    return metric ? once(metric, 'lines', () => byFileAndLine(p.frames, metric, metric.self)) : new Map();
}

/** By file; lines that never ran are not in it. */
export function byFileAndLine(frames: Frames, metric: Metric, base: Float64Array): Map<string, LineWeights> {
    const shape = shapeOf(frames, metric.stacks, 'line');
    const { keys } = shape;
    const { self, total } = byKey(shape, weigh(shape, base));
    const out = new Map<string, { self: Map<number, number>; total: Map<number, number>; selfSum: number }>();
    for (let k = 0; k < keys.n; k++) {
        const file = keys.file[k]!;
        const line = keys.line[k]!;
        if (!file || !line || !(total[k]! > 0)) continue;
        let of = out.get(file);
        if (!of) out.set(file, (of = { self: new Map(), total: new Map(), selfSum: 0 }));
        of.self.set(line, (of.self.get(line) ?? 0) + self[k]!);
        // Several functions on one line: the larger total, since one may call the other.
        of.total.set(line, Math.max(of.total.get(line) ?? 0, total[k]!));
        of.selfSum += self[k]!;
    }
    return out;
}
