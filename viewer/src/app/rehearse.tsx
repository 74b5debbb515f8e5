// Views shown where nobody sees them.
import { render, type FunctionComponent } from 'preact';
import { importPage } from '../import/page';
import type { Trace } from '../model/page';
import { BudgetsPanel } from '../panels/budgets';
import { CrossingsPanel } from '../panels/crossings';
import { DiffPanel } from '../panels/diff';
import { FlamePanel } from '../panels/flame';
import { BYS, hottest, see } from '../panels/flame_data';
import { LoadPanel } from '../panels/load';
import { MemoryPanel } from '../panels/memory';
import { OverviewPanel } from '../panels/overview';
import { SourcePanel } from '../panels/source';
import { TimelinePanel } from '../panels/timeline';
import { ViewContext, type View } from './context';
import type { PageId } from './frame';
import { formatRoute, patched, type Patch } from './route';
import { sketch } from './sketch';

export const PANELS: Record<PageId, FunctionComponent> = {
    overview: OverviewPanel,
    flame: FlamePanel,
    load: LoadPanel,
    memory: MemoryPanel,
    crossings: CrossingsPanel,
    timeline: TimelinePanel,
    budgets: BudgetsPanel,
    diff: DiffPanel,
    source: SourcePanel,
};

/** Shows a page of VIEW in PLACE, and takes it away. */
function rehearseIn(place: HTMLElement, view: View, page: PageId, params: Patch): void {
    const Panel = PANELS[page];
    const route = patched({ page, params: {} }, params);
    render(
        <ViewContext.Provider value={{ ...view, route }}>
            <Panel />
        </ViewContext.Provider>,
        place,
    );
    void place.offsetHeight; // styles and fonts, where it is within the page
    render(null, place);
}

export type Rehearse = (page: PageId, params?: Patch) => void;

export function rehearse(view: View): Rehearse {
    return (page, params = {}) => rehearseIn(document.createElement('div'), view, page, params);
}

const NODES = 6000;

/** Of a document made up, so that code, styles and fonts are there before there are data. */
function sketchedView(): View {
    const page = importPage(sketch(NODES));
    const trace = page.traces[0] as Trace;
    return {
        page,
        trace,
        process: trace.processes[0]!,
        route: { page: 'overview', params: {} },
        theme: 'light',
        set: () => {},
        link: (to, params) => formatRoute(patched({ page: to, params: {} }, params ?? {})),
        go: () => {},
    };
}

/** Within the page, but in no frame of it. */
function rehearseUnseen(main: HTMLElement, view: View, page: PageId, params: Patch): void {
    const place = document.createElement('div');
    place.className = 'rehearsal';
    main.append(place);
    try {
        rehearseIn(place, view, page, params);
    } finally {
        place.remove();
    }
}

/** What takes longest for the first time; a flame graph more than once, since code that ran once is still slow. */
const WARM: [PageId, Patch][] = [
    ['flame', {}],
    ['flame', { thread: 1 }],
    ['flame', { from: 1e9, to: 3e9 }],
    ['flame', { focus: 'function_7' }],
    ['timeline', {}],
];

function* warming(main: HTMLElement): Generator<void> {
    const view = sketchedView();
    yield;
    hottest(see(view.process, view.process.metrics[0]!, BYS[0], {}));
    yield;
    for (const [page, params] of WARM) {
        rehearseUnseen(main, view, page, params);
        yield;
    }
}

/** Short runs are read before this, and need none of it. */
const SOON_MS = 100;
let rest: Generator<void> | null = null;

/** Rehearses while data are read, a step at a time; what is returned stops it.  Goes on where it was stopped. */
export function warmUp(): () => void {
    const main = document.getElementById('main');
    if (!main) return () => {};
    const all = (rest ??= warming(main));
    let timer = 0;
    const step = () => {
        if (!all.next().done) timer = window.setTimeout(step);
    };
    timer = window.setTimeout(step, SOON_MS);
    return () => clearTimeout(timer);
}
