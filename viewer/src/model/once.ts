// What is derived from a model is made when it is first asked for, and kept with it.

const kept = new WeakMap<object, Map<string, unknown>>();

/** MAKE's answer for OWNER and KEY, made once: models never change. */
export function once<T>(owner: object, key: string, make: () => T): T {
    let of = kept.get(owner);
    if (!of) kept.set(owner, (of = new Map()));
    if (!of.has(key)) of.set(key, make());
    return of.get(key) as T;
}

/** What was made for OWNER and KEY; undefined: nobody has asked for it. */
export function known<T>(owner: object, key: string): T | undefined {
    return kept.get(owner)?.get(key) as T | undefined;
}

/** Something that was made already, elsewhere (app/worker). */
export interface Kept {
    readonly owner: object;
    readonly key: string;
    readonly value: unknown;
}

export function keptOf(owner: object): Kept[] {
    return [...(kept.get(owner) ?? [])].map(([key, value]) => ({ owner, key, value }));
}

export function keep(k: Kept): void {
    once(k.owner, k.key, () => k.value);
}

/** As once, for keys without end (filters): those that were asked for last are kept, and DROP is told of the others. */
export function recent<T>(owner: object, key: string, make: () => T, drop: (v: T) => void): T {
    const of = once(owner, 'recent', () => new Map<string, T>());
    if (!of.has(key) && of.size === RECENT) {
        const [oldest, v] = of.entries().next().value!;
        of.delete(oldest);
        drop(v);
    }
    const v = of.has(key) ? of.get(key)! : make();
    of.delete(key);
    of.set(key, v);
    return v;
}
export const RECENT = 3;
