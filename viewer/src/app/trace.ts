// Traces by number: in the document, or fetched from the server when they are looked at.
import { useEffect, useState } from 'preact/hooks';
import { fetchJson } from '../import/carrier';
import { importTrace } from '../import/page';
import type { Page, Trace } from '../model/page';

/** The trace of a row, fetched where the server still has it. */
export function useTrace(page: Page, index: number): { trace: Trace | null; error: string | null } {
    const row = page.traces[index] ?? page.traces[0]!;
    const [fetched, setFetched] = useState<ReadonlyMap<string, Trace | string>>(new Map());
    const href = 'href' in row ? row.href : null;
    useEffect(() => {
        if (href === null || fetched.has(href)) return;
        const keep = (v: Trace | string) => setFetched(m => new Map(m).set(href, v));
        fetchJson(href)
            .then(doc => keep(importTrace(doc)))
            .catch((e: unknown) => keep(e instanceof Error ? e.message : String(e)));
    }, [href]);
    if (!('href' in row)) return { trace: row, error: null };
    const got = fetched.get(row.href);
    return typeof got === 'string' ? { trace: null, error: got } : { trace: got ?? null, error: null };
}
