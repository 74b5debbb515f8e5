// Flame: where a metric was spent, as stacks; search, filters, time, and a sandwich of callers and callees.
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import { useView } from '../app/context';
import { useShortcuts } from '../app/keys';
import { numberOf, wordOf } from '../app/route';
import { css, kindColour } from '../draw/colours';
import { Kind, KIND_NAMES } from '../model/page';
import { coroutinesOf, instancesOf } from '../model/coroutines';
import { find } from '../model/search';
import { calleesTree, callersTree, matchedTotal } from '../model/tree';
import { amount, count, nanoseconds, percent, plural } from '../model/units';
import { Card, Empty, escapes, Select, Swatch, Toggle } from '../widgets/bits';
import { FlameView } from '../widgets/flame_view';
import { TimeStrip } from '../widgets/time_strip';
import {
    BYS,
    filterOf,
    functionsOf,
    invertedOf,
    metricTitle,
    pickMetric,
    see,
    stacksOf,
    statesOf,
    type Seen,
} from './flame_data';
import { HotTable } from './hot_table';

export function FlamePanel() {
    const view = useView();
    const metric = pickMetric(view.process, view.route.params['metric']);
    if (!metric)
        return (
            <Empty
                title="There are no stacks in this trace."
                command="modprof run --cpu -o app.mprof -- app args"
            >
                Ask for samples of CPU time when the program runs; module loads and crossings are recorded in
                every run.
            </Empty>
        );
    const by = wordOf(view.route, 'by', BYS);
    const seen = see(view.process, metric, by, filterOf(view.route));
    return (
        <>
            <Toolbar seen={seen} />
            <TimeFilter seen={seen} />
            {view.process.pruned.map(s => (
                <p key={s} class="note">
                    {s}
                </p>
            ))}
            {seen.weights.total[0]! > 0 ? (
                <Pictures seen={seen} />
            ) : (
                <Empty title="Nothing of this metric is left.">
                    {seen.filtered
                        ? 'The filters leave nothing: take one away.'
                        : 'All its weights are zero.'}
                </Empty>
            )}
        </>
    );
}

/** The key that a sandwich is made of, by its label; -1: none. */
function focusKey(seen: Seen, label: string | undefined): number {
    return label === undefined ? -1 : seen.shape.keys.label.indexOf(label);
}

function Pictures({ seen }: { seen: Seen }) {
    const { route, set, theme } = useView();
    const { shape, weights, metric } = seen;
    const inverted = route.params['invert'] === '1';
    const focus = focusKey(seen, route.params['focus']);
    const label = shape.keys.label[focus] ?? '';
    const found = useMemo(() => find(shape.keys, route.params['q'] ?? ''), [shape, route.params['q']]);
    const foundTotal = useMemo(
        () => (found ? matchedTotal(shape, weights, found.matches) : 0),
        [shape, weights, found],
    );
    const tree = inverted ? invertedOf(seen) : stacksOf(seen);
    const sandwich = useMemo(
        () =>
            focus < 0
                ? null
                : {
                      callers: callersTree(shape, weights, focus),
                      callees: calleesTree(shape, weights, focus),
                  },
        [shape, weights, focus],
    );
    useShortcuts(
        sandwich
            ? [{ keys: 'Escape', says: 'back to all stacks', run: () => set({ focus: '', zoom: '' }) }]
            : [],
    );
    useLayoutEffect(
        () => () => {
            sandwich?.callers.release?.();
            sandwich?.callees.release?.();
        },
        [sandwich],
    );
    const open = (key: number) => set({ focus: shape.keys.label[key], zoom: '' });
    const all = { unit: metric.unit, theme, found, onKey: open, rootLabel: `all ${metricTitle(metric.id)}` };
    const ofFocus = { ...all, rootLabel: `${metricTitle(metric.id)} in ${label}` };
    const whole = weights.total[0]!;
    return (
        <>
            {found && (
                <p class="found" role="status">
                    {found.error ??
                        `${plural(found.n, seen.shape.keys.by)} found, with ${amount(foundTotal, metric.unit)}: ` +
                            `${percent(foundTotal, whole)} of the whole (nested ones counted once)`}
                </p>
            )}
            <div>
                {sandwich ? (
                    <>
                        <p class="crumb">
                            <button type="button" onClick={() => set({ focus: '', zoom: '' })}>
                                ← all stacks
                            </button>{' '}
                            <strong>{label}</strong>: {amount(functionsOf(seen).total[focus]!, metric.unit)}{' '}
                            in all, {amount(functionsOf(seen).self[focus]!, metric.unit)} itself
                        </p>
                        <Card title="Callers" means="Who calls it: each row up is one caller further out.">
                            <FlameView
                                {...ofFocus}
                                tree={sandwich.callers}
                                up
                                height={300}
                                whole={whole}
                                zoom={route.params['callers'] ?? ''}
                                onZoom={callers => set({ callers })}
                                name={`Callers of ${label}`}
                            />
                        </Card>
                        <Card title="Callees" means="What it calls, and what that calls.">
                            <FlameView
                                {...ofFocus}
                                tree={sandwich.callees}
                                height={300}
                                whole={whole}
                                zoom={route.params['callees'] ?? ''}
                                onZoom={callees => set({ callees })}
                                name={`Callees of ${label}`}
                            />
                        </Card>
                    </>
                ) : (
                    <section class="card" aria-label="Flame graph">
                        <FlameView
                            {...all}
                            tree={tree}
                            zoom={route.params['zoom'] ?? ''}
                            onZoom={zoom => set({ zoom })}
                            name={inverted ? 'Inverted flame graph' : 'Flame graph'}
                        />
                        <KindLegend />
                    </section>
                )}
            </div>
            <Card
                title={`Hottest ${shape.keys.by === 'line' ? 'lines' : `${shape.keys.by}s`}`}
                means="All of them, also those too narrow for the picture. A click shows callers and callees."
            >
                <HotTable seen={seen} onOpen={open} current={focus} />
            </Card>
        </>
    );
}

function KindLegend() {
    const { theme } = useView();
    return (
        <div class="legend" aria-label="Legend">
            {[Kind.Lua, Kind.C, Kind.Vm, Kind.Native, Kind.Note].map(k => (
                <Swatch key={k} colour={css(kindColour(k, theme))}>
                    {k === Kind.Vm ? 'Lua itself (VM, collector, parser, allocator)' : KIND_NAMES[k]}
                </Swatch>
            ))}
            <span class="muted small">click: zoom · right click or s: callers and callees</span>
        </div>
    );
}

/** The heaviest; all of them are on the time line. */
const MOST_CHOICES = 100;

function Toolbar({ seen }: { seen: Seen }) {
    const { process, route, set } = useView();
    const search = useRef<HTMLInputElement>(null);
    const by = wordOf(route, 'by', BYS);
    const inverted = route.params['invert'] === '1';
    const samples = seen.metric.sampled ? process.samples : null;
    const which = samples ? instancesOf(process).filter(i => i.number === numberOf(route, 'coroutine')) : [];
    useShortcuts([
        { keys: '/', says: 'search', run: () => search.current?.focus() },
        { keys: 'i', says: 'invert: callees first', run: () => set({ invert: inverted ? '' : 1, zoom: '' }) },
        {
            keys: 'b',
            says: 'by function, line, module',
            run: () => set({ by: BYS[(BYS.indexOf(by) + 1) % 3], zoom: '', focus: '' }),
        },
        {
            keys: 'm',
            says: 'next metric',
            run: () => {
                const ids = process.metrics.map(m => m.id);
                set({ metric: ids[(ids.indexOf(seen.metric.id) + 1) % ids.length], zoom: '', focus: '' });
            },
        },
        {
            keys: '0',
            says: 'zoom out, all filters off',
            run: () =>
                set({
                    zoom: '',
                    focus: '',
                    q: '',
                    thread: '',
                    state: '',
                    what: '',
                    coroutine: '',
                    instance: '',
                    from: '',
                    to: '',
                }),
        },
    ]);
    return (
        <div class="toolbar" role="toolbar" aria-label="What is shown">
            <Select
                label="metric"
                value={seen.metric.id}
                choices={process.metrics.map(m => ({ value: m.id, title: metricTitle(m.id) }))}
                onChange={metric => set({ metric, zoom: '', focus: '' })}
            />
            <Select
                label="by"
                value={by}
                choices={BYS.map(b => ({ value: b, title: b }))}
                onChange={b => set({ by: b, zoom: '', focus: '' })}
            />
            <Toggle
                label="inverted"
                title="Where it was spent first, its callers below"
                on={inverted}
                onChange={on => set({ invert: on ? 1 : '', zoom: '' })}
            />
            {samples && samples.threads.length > 1 && (
                <Select
                    label="thread"
                    value={route.params['thread'] ?? ''}
                    choices={[
                        { value: '', title: 'all' },
                        ...samples.threads.map(t => ({
                            value: String(t.tid),
                            title: `${t.name || 'thread'} ${t.tid}`,
                        })),
                    ]}
                    onChange={thread => set({ thread })}
                />
            )}
            {samples && statesOf(process).length > 1 && (
                <Select
                    label="state"
                    value={route.params['state'] ?? ''}
                    choices={[
                        { value: '', title: 'all' },
                        ...statesOf(process).map(s => ({
                            value: String(s),
                            title: s === 0 ? 'outside Lua' : `Lua state ${s}`,
                        })),
                    ]}
                    onChange={state => set({ state })}
                />
            )}
            {samples && coroutinesOf(process).length > 0 && (
                <Select
                    label="coroutines"
                    value={route.params['coroutine'] ?? ''}
                    choices={[
                        { value: '', title: 'all, and outside' },
                        { value: '0', title: 'outside of all' },
                        ...coroutinesOf(process).map(c => ({ value: String(c.number), title: c.label })),
                    ]}
                    onChange={coroutine => set({ coroutine, instance: '' })}
                />
            )}
            {which.length > 0 && (
                <Select
                    label="which"
                    value={route.params['instance'] ?? ''}
                    choices={[
                        { value: '', title: `all ${count(which.length)}` },
                        ...which.slice(0, MOST_CHOICES).map(i => ({
                            value: String(i.instance),
                            title: `#${i.instance}`,
                        })),
                    ]}
                    onChange={instance => set({ instance })}
                />
            )}
            {samples && (
                <Select
                    label="doing"
                    value={route.params['what'] ?? ''}
                    choices={[
                        { value: '', title: 'anything' },
                        ...samples.what.map(w => ({ value: w, title: w })),
                    ]}
                    onChange={what => set({ what })}
                />
            )}
            <label class="field search">
                <span>search</span>
                <input
                    ref={search}
                    type="search"
                    placeholder="name, file or /expression/"
                    value={route.params['q'] ?? ''}
                    onInput={e => set({ q: e.currentTarget.value }, true)}
                    onKeyDown={escapes(() => set({ q: '' }, true))}
                />
            </label>
        </div>
    );
}

function TimeFilter({ seen }: { seen: Seen }) {
    const { process, route, set, theme } = useView();
    if (!seen.metric.sampled || !process.samples?.log) return null;
    const from = numberOf(route, 'from');
    const to = numberOf(route, 'to');
    const thread = numberOf(route, 'thread');
    return (
        <section class="card tight" aria-label="When">
            <TimeStrip
                samples={process.samples}
                metric={seen.metric.index}
                duration={Math.max(1, process.report.duration_ns)}
                theme={theme}
                from={from}
                to={to}
                thread={
                    thread === undefined
                        ? undefined
                        : process.samples.threads.findIndex(t => t.tid === thread)
                }
                onSelect={(a, b) => set({ from: a, to: b })}
            />
            <p class="muted small">
                {from === undefined && to === undefined ? (
                    'Drag over a stretch of time to see only its samples.'
                ) : (
                    <>
                        {nanoseconds(from ?? 0)} to {nanoseconds(to ?? process.report.duration_ns)} after
                        start{' '}
                        <button type="button" onClick={() => set({ from: '', to: '' })}>
                            all of it
                        </button>
                    </>
                )}
            </p>
        </section>
    );
}
