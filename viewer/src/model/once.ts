// What is derived from a model is made when it is first asked for, and kept with it.

const kept = new WeakMap<object, Map<string, unknown>>();

/** MAKE's answer for OWNER and KEY, made once: models never change. */
export function once<T>(owner: object, key: string, make: () => T): T {
    let of = kept.get(owner);
    if (!of) kept.set(owner, (of = new Map()));
    if (!of.has(key)) of.set(key, make());
    return of.get(key) as T;
}

/** As once, for keys without end (filters): those that were asked for last are kept. */
export function recent<T>(owner: object, key: string, make: () => T): T {
    const of = once(owner, 'recent', () => new Map<string, T>());
    const v = of.has(key) ? of.get(key)! : make();
    of.delete(key);
    of.set(key, v);
    if (of.size > RECENT) of.delete(of.keys().next().value!);
    return v;
}
const RECENT = 8;
