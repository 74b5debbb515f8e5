// What every panel is given.
import { createContext } from 'preact';
import { useContext, useMemo } from 'preact/hooks';
import type { Theme } from '../draw/colours';
import type { Page, Process, Trace } from '../model/page';
import type { Patch, Route } from './route';

export interface View {
    readonly page: Page;
    readonly trace: Trace;
    readonly process: Process;
    readonly route: Route;
    readonly theme: Theme;
    /** Changes the address within this page; `replace` leaves no step for the Back button. */
    set(patch: Patch, replace?: boolean): void;
    /** The address of another page, for links. */
    link(page: string, params?: Patch): string;
    go(page: string, params?: Patch): void;
}

export const ViewContext = createContext<View | null>(null);

export function useView(): View {
    return useContext(ViewContext)!;
}

const kept = new WeakMap<object, Map<string, unknown>>();

/** MAKE's answer for OWNER and KEY, made once: models never change. */
export function once<T>(owner: object, key: string, make: () => T): T {
    let of = kept.get(owner);
    if (!of) kept.set(owner, (of = new Map()));
    if (!of.has(key)) of.set(key, make());
    return of.get(key) as T;
}

/** As once, for keys without end (filters): the last few are kept. */
export function recent<T>(owner: object, key: string, make: () => T): T {
    const of = once(owner, 'recent', () => new Map<string, T>());
    let v = of.get(key);
    if (v === undefined) {
        v = make();
        if (of.size >= RECENT) of.delete(of.keys().next().value!);
        of.set(key, v);
    }
    return v;
}
const RECENT = 6;

export function useOnce<T>(owner: object, key: string, make: () => T): T {
    return useMemo(() => once(owner, key, make), [owner, key]);
}
