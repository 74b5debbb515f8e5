// What every panel is given.
import { createContext } from 'preact';
import { useContext, useMemo } from 'preact/hooks';
import type { Theme } from '../draw/colours';
import { once } from '../model/once';
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

export function useOnce<T>(owner: object, key: string, make: () => T): T {
    return useMemo(() => once(owner, key, make), [owner, key]);
}
