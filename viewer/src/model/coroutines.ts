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

/** One of several coroutines of a function. */
export interface Instance extends Coroutine {
    readonly instance: number;
}

/** Where several run one function: each of them, heaviest first. */
export function instancesOf(p: Process): readonly Instance[] {
    const { samples } = p;
    return samples ? once(samples, 'instances', () => findInstances(p)) : [];
}

function findInstances(p: Process): Instance[] {
    const { rows } = p.samples!;
    const weight = new Map<number, Map<number, number>>();
    for (let r = 0; r < rows.n; r++) {
        const [c, i] = [rows.coroutine[r]!, rows.instance[r]!];
        if (c === 0 || i === 0) continue;
        let of = weight.get(c);
        if (!of) weight.set(c, (of = new Map()));
        of.set(i, (of.get(i) ?? 0) + rows.weight[r]!);
    }
    return [...weight]
        .filter(([, of]) => of.size > 1)
        .flatMap(([number, of]) =>
            [...of].map(([instance, w]) => ({
                number,
                instance,
                label: `${nameOf(p, number)} #${instance}`,
                weight: w,
            })),
        )
        .sort((a, b) => b.weight - a.weight || a.instance - b.instance);
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
