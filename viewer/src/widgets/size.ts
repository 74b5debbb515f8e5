// How wide pictures are, as far as possible without asking.
import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/** Kinds of pictures, by the classes of what they stand in and of themselves. */
const KINDS = {
    flame: ['card', 'flame-scroll'],
    strip: ['card tight', 'strip'],
    lanes: ['card', 'lanes'],
    chart: ['card', 'chart'],
} as const;
type WidthKind = keyof typeof KINDS;

/** Last width of each kind, in a window of some width: the next of its kind is drawn without asking. */
const known = new Map<string, number>();
const keyOf = (kind: WidthKind) => `${kind} ${window.innerWidth}`;

/** Which width one of a kind has on this page, as told by elements that are there for no frame. */
export function expectedWidth(kind: WidthKind): number {
    const width = known.get(keyOf(kind));
    if (width !== undefined) return width;
    const [outer, inner] = KINDS[kind].map(name => {
        const el = document.createElement('div');
        el.className = name;
        return el;
    });
    outer!.append(inner!);
    document.getElementById('main')?.append(outer!);
    const seen = inner!.clientWidth;
    outer!.remove();
    known.set(keyOf(kind), seen);
    return seen;
}

/**
 * Width of an element in CSS pixels, followed as it changes.  To ask for it makes the browser lay out the page in the
 * middle of a change; so what is known of its kind is believed until the watcher says otherwise: the next frame is right.
 */
export function useWidth(ref: RefObject<HTMLElement>, kind: WidthKind): number {
    const [width, setWidth] = useState(() => known.get(keyOf(kind)) ?? 0);
    useLayoutEffect(() => {
        const el = ref.current;
        if (!el) return undefined;
        let last = width;
        let frame = 0;
        const take = (w: number) => {
            last = w;
            known.set(keyOf(kind), w);
            setWidth(w);
        };
        if (width === 0) take(el.clientWidth);
        // In the next frame: what changes within the watcher's turn may be more than it can tell of.
        const watcher = new ResizeObserver(() => {
            const w = el.clientWidth;
            cancelAnimationFrame(frame);
            if (w !== last) frame = requestAnimationFrame(() => take(w));
        });
        watcher.observe(el);
        return () => {
            cancelAnimationFrame(frame);
            watcher.disconnect();
        };
    }, []);
    return width;
}
