// Coroutines of a process, by the function that they run: those of one function stand together.
import { once } from './once';
import { Kind, type Process } from './page';

export interface Coroutine {
    readonly number: number; // as samples have it
    readonly label: string;
    readonly weight: number; // of its samples, in the metric's unit
}

/** Heaviest first. */
export function coroutinesOf(p: Process): readonly Coroutine[] {
    const { samples } = p;
    return samples ? once(samples, 'coroutines', () => find(p)) : [];
}

function find(p: Process): Coroutine[] {
    const { rows } = p.samples!;
    const weight = new Map<number, number>();
    for (let r = 0; r < rows.n; r++) {
        const c = rows.coroutine[r]!;
        if (c !== 0) weight.set(c, (weight.get(c) ?? 0) + rows.weight[r]!);
    }
    return [...weight]
        .map(([number, w]) => ({ number, label: nameOf(p, number), weight: w }))
        .sort((a, b) => b.weight - a.weight || a.number - b.number);
}

/** A function in whose label no file stands is told with its own. */
function nameOf(p: Process, number: number): string {
    const { functions: fns, strings } = p.frames;
    const f = number - 1;
    const label = strings[fns.label[f]!]!;
    const file = strings[fns.file[f]!]!;
    const place = `${file.slice(file.lastIndexOf('/') + 1)}:${fns.line[f]}`;
    return fns.kind[f] === Kind.Lua && file && !label.includes(':') ? `${label} ${place}` : label;
}
