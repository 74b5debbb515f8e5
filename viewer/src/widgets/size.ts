import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/** Last width of each kind of element, in a window of some width: the next of its kind is drawn without asking. */
const known = new Map<string, number>();

/**
 * Width of an element in CSS pixels, followed as it changes.  To ask for it makes the browser lay out the page in the
 * middle of a change; so what was seen of its kind (NAME) is believed until the watcher says otherwise, which it does
 * before anything is painted.
 */
export function useWidth(ref: RefObject<HTMLElement>, name: string): number {
    const key = `${name} ${window.innerWidth}`;
    const [width, setWidth] = useState(() => known.get(key) ?? 0);
    useLayoutEffect(() => {
        const el = ref.current;
        if (!el) return undefined;
        const take = (w: number) => {
            known.set(`${name} ${window.innerWidth}`, Math.floor(w));
            setWidth(Math.floor(w));
        };
        if (width === 0) take(el.clientWidth);
        const watcher = new ResizeObserver(() => take(el.clientWidth));
        watcher.observe(el);
        return () => watcher.disconnect();
    }, []);
    return width;
}
