// Shortcuts: one place where keys are bound and listed.
import { useLayoutEffect } from 'preact/hooks';

export interface Shortcut {
    readonly keys: string; // as KeyboardEvent.key, several separated by a blank
    readonly says: string;
    readonly run: (e: KeyboardEvent) => void;
}

function typing(e: KeyboardEvent): boolean {
    const at = e.target as HTMLElement | null;
    return !!at && (at.isContentEditable || /^(input|textarea|select)$/i.test(at.tagName));
}

let active: Shortcut[][] = [];

/** Something stands before the page. */
function covered(): boolean {
    return document.querySelector('dialog[open]') !== null;
}

/** All that hold now, for the list that ? shows. */
export function shortcutsNow(): Shortcut[] {
    return active.flat();
}

/** Holds as long as the component is shown. The last one bound to a key wins. */
export function useShortcuts(list: Shortcut[]): void {
    // With the change itself: a key that follows at once is not lost.
    useLayoutEffect(() => {
        active = [...active, list];
        const pressed = (e: KeyboardEvent) => {
            if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || typing(e) || covered()) return;
            const hit = list.find(s => s.keys.split(' ').includes(e.key));
            if (hit) {
                e.preventDefault();
                hit.run(e);
            }
        };
        window.addEventListener('keydown', pressed);
        return () => {
            active = active.filter(l => l !== list);
            window.removeEventListener('keydown', pressed);
        };
    });
}
