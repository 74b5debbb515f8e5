// The focus is never lost: where the element that had it is gone after a change, it goes to what stands nearest to where
// it was.
import { useEffect } from 'preact/hooks';

const CONTROLS = '[tabindex="0"], button, a[href], select, input';

/** What takes the focus over, of what stood around the element that is gone, from the inside out. */
function heir(around: readonly Element[], main: HTMLElement): HTMLElement {
    for (const el of around.filter(a => a.isConnected && a !== main && main.contains(a))) {
        const next = el.closest<HTMLElement>('[tabindex="0"]') ?? el.querySelector<HTMLElement>(CONTROLS);
        if (next) return next;
    }
    return main;
}

function withAncestors(el: Element | null): Element[] {
    const out: Element[] = [];
    for (let at = el; at; at = at.parentElement) out.push(at);
    return out;
}

export function useKeptFocus(): void {
    useEffect(() => {
        const main = document.getElementById('main');
        if (!main) return undefined;
        let trail: Element[] = [];
        const came = (e: FocusEvent) => (trail = withAncestors(e.target as Element));
        const leave = () => (trail = []); // a click beside all controls takes it away on purpose
        const watcher = new MutationObserver(() => {
            if (trail.length === 0 || trail[0]!.isConnected || document.activeElement !== document.body)
                return;
            heir(trail, main).focus({ preventScroll: true });
        });
        window.addEventListener('focusin', came);
        window.addEventListener('pointerdown', leave, true);
        watcher.observe(main, { childList: true, subtree: true });
        return () => {
            window.removeEventListener('focusin', came);
            window.removeEventListener('pointerdown', leave, true);
            watcher.disconnect();
        };
    }, []);
}
