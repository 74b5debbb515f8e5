// The frame around every page: where one can go, which trace and process is looked at, theme and help.
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Page, Trace } from '../model/page';
import { baseName } from '../model/units';
import { Empty, Select } from '../widgets/bits';
import { ViewContext, type View } from './context';
import { useKeptFocus } from './focus';
import { Frame, PAGES } from './frame';
import { HelpDialog } from './help';
import { useShortcuts } from './keys';
import { prepare } from './prepare';
import { ready } from './ready';
import { PANELS, rehearse } from './rehearse';
import { formatRoute, numberOf, onPage, parseRoute, patched, type Route } from './route';
import { useTheme } from './theme';
import { useTrace } from './trace';

function useRoute(first: string): [Route, (r: Route, replace?: boolean) => void] {
    const [route, setRoute] = useState(() => parseRoute(location.hash, first));
    useEffect(() => {
        const changed = () => setRoute(parseRoute(location.hash, first));
        window.addEventListener('hashchange', changed);
        return () => window.removeEventListener('hashchange', changed);
    }, []);
    const move = (r: Route, replace = false) => {
        const hash = formatRoute(r);
        if (hash === location.hash) return;
        setRoute(r); // at once; the event that follows says the same
        if (replace) location.replace(hash);
        else location.hash = hash;
    };
    return [route, move];
}

export function App({ page }: { page: Page }) {
    const [route, move] = useRoute(page.compare ? 'diff' : 'overview');
    const [theme, flip] = useTheme();
    const [help, setHelp] = useState(false);
    useKeptFocus();
    const { trace, error } = useTrace(page, numberOf(route, 't') ?? 0);
    const process = trace ? (trace.processes[numberOf(route, 'p') ?? 0] ?? trace.processes[0]) : undefined;
    useShortcuts([
        { keys: '?', says: 'this list', run: () => setHelp(h => !h) },
        { keys: 'd', says: 'light or dark', run: flip },
        ...PAGES.map((p, i) => ({
            keys: String(i + 1),
            says: p.title,
            run: () => move(onPage(route, p.id)),
        })),
    ]);
    const entry = PAGES.find(p => p.id === route.page);
    useEffect(() => {
        document.title = `${entry?.title ?? 'modprof'} · ${page.title || page.traces[0]!.name}`;
    }, [entry, page]);
    const view = useMemo<View | null>(
        () =>
            trace && process
                ? {
                      page,
                      trace,
                      process,
                      route,
                      theme,
                      set: (patch, replace) => move(patched(route, patch), replace),
                      link: (to, params) => formatRoute(onPage(route, to, params)),
                      go: (to, params) => move(onPage(route, to, params)),
                  }
                : null,
        [page, trace, process, route, theme],
    );
    useEffect(
        () => (view ? prepare(view.process, rehearse(view), () => ready('all')) : undefined),
        [process],
    );
    let body: ComponentChildren;
    if (error) body = <Empty title="This trace can not be shown.">{error}</Empty>;
    else if (!trace)
        body = (
            <p class="muted" role="status">
                Loading the trace …
            </p>
        );
    else if (!view)
        body = (
            <Empty title="There is no process in this trace.">
                It holds no intact frame: record it again.
            </Empty>
        );
    else if (!entry)
        body = (
            <Empty title="There is no such page.">
                The address names “{route.page}”. <a href={view.link('overview')}>Overview</a>
            </Empty>
        );
    else {
        const Panel = PANELS[entry.id];
        body = (
            <ViewContext.Provider value={view}>
                <Panel key={`${entry.id} ${trace.name} ${view.process.index}`} />
            </ViewContext.Provider>
        );
    }
    return (
        <Frame
            route={route}
            controls={
                <>
                    <Choose page={page} trace={trace} route={route} move={move} />
                    <button
                        type="button"
                        onClick={flip}
                        aria-label={theme === 'dark' ? 'Light theme' : 'Dark theme'}
                        title="light or dark (d)"
                    >
                        {theme === 'dark' ? '☀' : '☾'}
                    </button>
                    <button
                        type="button"
                        onClick={() => setHelp(true)}
                        aria-label="Keyboard shortcuts"
                        title="keyboard shortcuts (?)"
                    >
                        ?
                    </button>
                </>
            }
            foot={
                <>
                    {page.modprof && `modprof ${page.modprof} · `}
                    {trace ? trace.name : page.traces[0]!.name} · all data are in this page, nothing is sent
                    anywhere
                </>
            }
        >
            {body}
            {help && <HelpDialog onClose={() => setHelp(false)} />}
        </Frame>
    );
}

function Choose(p: { page: Page; trace: Trace | null; route: Route; move: (r: Route) => void }) {
    const of = (n: number) => (n === 0 ? '' : n);
    return (
        <>
            {p.page.traces.length > 1 && (
                <Select
                    label="trace"
                    value={String(numberOf(p.route, 't') ?? 0)}
                    choices={p.page.traces.map((t, i) => ({ value: String(i), title: baseName(t.name) }))}
                    onChange={t => p.move({ page: p.route.page, params: Number(t) ? { t } : {} })}
                />
            )}
            {p.trace && p.trace.processes.length > 1 && (
                <Select
                    label="process"
                    value={String(numberOf(p.route, 'p') ?? 0)}
                    choices={p.trace.processes.map((x, i) => ({
                        value: String(i),
                        title: `${x.report.pid} ${baseName(x.report.executable)}`,
                    }))}
                    onChange={v =>
                        p.move(
                            patched(
                                { page: p.route.page, params: {} },
                                { t: p.route.params['t'], p: of(Number(v)) },
                            ),
                        )
                    }
                />
            )}
        </>
    );
}
