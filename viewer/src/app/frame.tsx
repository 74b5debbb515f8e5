// What stands around every page, also before there are data: where one can go, what controls the whole, what the page is.
import type { ComponentChildren } from 'preact';
import { formatRoute, onPage, type Route } from './route';

export const PAGES = [
    { id: 'overview', title: 'Overview' },
    { id: 'flame', title: 'Flame' },
    { id: 'load', title: 'Load' },
    { id: 'memory', title: 'Memory' },
    { id: 'crossings', title: 'Crossings' },
    { id: 'timeline', title: 'Time line' },
    { id: 'budgets', title: 'Budgets' },
    { id: 'diff', title: 'Diff' },
    { id: 'source', title: 'Source' },
] as const;

export type PageId = (typeof PAGES)[number]['id'];

export function Frame(p: {
    route: Route;
    controls?: ComponentChildren;
    foot?: ComponentChildren;
    children: ComponentChildren;
}) {
    const here = PAGES.find(x => x.id === p.route.page);
    return (
        <>
            <a
                class="skip"
                href="#main"
                onClick={e => {
                    e.preventDefault();
                    document.getElementById('main')?.focus();
                }}
            >
                to the content
            </a>
            <header class="top">
                <strong class="brand">modprof</strong>
                <nav aria-label="Pages">
                    {PAGES.map((x, i) => (
                        <a
                            key={x.id}
                            href={formatRoute(onPage(p.route, x.id))}
                            aria-current={x === here ? 'page' : undefined}
                            title={`${x.title} (key ${i + 1})`}
                        >
                            {x.title}
                        </a>
                    ))}
                </nav>
                <span class="grow" />
                {p.controls}
            </header>
            <main id="main" tabIndex={-1} aria-label={here?.title ?? 'Page'}>
                {p.children}
            </main>
            <footer class="muted small">{p.foot}</footer>
        </>
    );
}
