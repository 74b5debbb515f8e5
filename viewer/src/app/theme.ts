// Light or dark: as the system says, until somebody presses the switch.
import { useEffect, useState } from 'preact/hooks';
import type { Theme } from '../draw/colours';

const KEY = 'modprof-theme';

function remembered(): Theme | null {
    try {
        const v = localStorage.getItem(KEY);
        return v === 'light' || v === 'dark' ? v : null;
    } catch {
        return null; // storage is switched off
    }
}

/** Before there is anything that could ask for it. */
export function showRemembered(): void {
    const theme = remembered();
    if (theme) document.documentElement.dataset['theme'] = theme;
}

export function useTheme(): [Theme, () => void] {
    const system = window.matchMedia('(prefers-color-scheme: dark)');
    const [chosen, choose] = useState<Theme | null>(remembered);
    const [dark, setDark] = useState(system.matches);
    useEffect(() => {
        const changed = (e: MediaQueryListEvent) => setDark(e.matches);
        system.addEventListener('change', changed);
        return () => system.removeEventListener('change', changed);
    }, []);
    const theme: Theme = chosen ?? (dark ? 'dark' : 'light');
    useEffect(() => {
        document.documentElement.dataset['theme'] = theme;
    }, [theme]);
    const flip = () => {
        const next = theme === 'dark' ? 'light' : 'dark';
        choose(next);
        try {
            localStorage.setItem(KEY, next);
        } catch {
            // not kept then
        }
    };
    return [theme, flip];
}
