// What a search text finds among labels: a part of the text, or /an expression/; case matters only where the text has capitals.
import type { Keys } from './merge';

export interface Found {
    readonly matches: Uint8Array; // by key
    readonly n: number;
    readonly error: string | null;
}

export function predicate(query: string): { test: (label: string) => boolean; error: string | null } {
    const trimmed = query.trim();
    const sensitive = /[A-Z]/.test(trimmed);
    if (trimmed.length > 2 && trimmed.startsWith('/') && trimmed.endsWith('/')) {
        try {
            const re = new RegExp(trimmed.slice(1, -1), sensitive ? '' : 'i');
            return { test: l => re.test(l), error: null };
        } catch {
            return { test: () => false, error: `${trimmed} is no regular expression` };
        }
    }
    if (sensitive) return { test: l => l.includes(trimmed), error: null };
    const low = trimmed.toLowerCase();
    return { test: l => l.toLowerCase().includes(low), error: null };
}

export function find(keys: Keys, query: string): Found | null {
    if (query.trim() === '') return null;
    const { test, error } = predicate(query);
    const matches = new Uint8Array(keys.n);
    let n = 0;
    for (let k = 0; k < keys.n; k++)
        if (test(keys.label[k]!) || (keys.by !== 'module' && keys.file[k] !== '' && test(keys.file[k]!))) {
            matches[k] = 1;
            n++;
        }
    return { matches, n, error };
}
