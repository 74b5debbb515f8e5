// Traces by number: in the document, or fetched from the server when they are looked at; one that still grows is
// asked for again, and shown anew when it has changed.
import { useEffect, useState } from 'preact/hooks';
import { fetchPacked } from '../import/carrier';
import type { Page, Trace } from '../model/page';
import { openTrace } from './off_thread';

const AGAIN_MS = 2000;

export interface TraceState {
    readonly trace: Trace | null;
    readonly error: string | null;
}

interface Kept extends TraceState {
    readonly etag: string | null;
}

// By URL, for as long as the page is open: going from page to page fetches nothing again.
const kept = new Map<string, Kept>();

async function refresh(href: string): Promise<boolean> {
    const before = kept.get(href);
    try {
        const got = await fetchPacked(href, before?.etag ?? null);
        if (!got) return false; // not changed
        kept.set(href, { trace: await openTrace(got.packed), error: null, etag: got.etag });
    } catch (e) {
        // What was shown stays; the server may be gone on purpose.
        if (before?.trace) return false;
        kept.set(href, { trace: null, error: e instanceof Error ? e.message : String(e), etag: null });
    }
    return true;
}

export function useTrace(page: Page, index: number): TraceState {
    const row = page.traces[index] ?? page.traces[0]!;
    const href = 'href' in row ? row.href : null;
    const [, redraw] = useState(0);
    useEffect(() => {
        if (href === null) return undefined;
        let asking = false;
        const ask = async () => {
            if (asking || document.hidden) return;
            asking = true;
            if (await refresh(href)) redraw(n => n + 1);
            asking = false;
        };
        if (!kept.has(href)) void ask();
        const timer = page.live ? setInterval(() => void ask(), AGAIN_MS) : undefined;
        return () => clearInterval(timer);
    }, [href, page.live]);
    if (href === null) return { trace: row as Trace, error: null };
    return kept.get(href) ?? { trace: null, error: null };
}
