import type { RefObject } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';

/** Width of an element in CSS pixels, followed as it changes. */
export function useWidth(ref: RefObject<HTMLElement>): number {
    const [width, setWidth] = useState(0);
    useLayoutEffect(() => {
        const el = ref.current;
        if (!el) return undefined;
        const look = () => setWidth(Math.floor(el.clientWidth));
        look();
        const watcher = new ResizeObserver(look);
        watcher.observe(el);
        return () => watcher.disconnect();
    }, []);
    return width;
}
