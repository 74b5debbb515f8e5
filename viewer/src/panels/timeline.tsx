// Time line: threads, coroutines, states, module loads, collector cycles, marks and memory, one below the other.
import { useMemo, useRef, useState } from 'preact/hooks';
import { useView } from '../app/context';
import { useShortcuts } from '../app/keys';
import { numberOf } from '../app/route';
import { AXIS, drawLanes } from '../draw/lanes';
import { ink } from '../draw/colours';
import type { Surface } from '../draw/surface';
import {
    coroutinesWithoutLane,
    ITEM_ROW,
    itemAt,
    LANE_GAP,
    lanesOf,
    type Item,
    type Lane,
} from '../layout/lanes';
import { coroutinesOf, instancesOf, type Coroutine, type Instance } from '../model/coroutines';
import { whyNoSamples } from '../model/facts';
import { count, nanoseconds, percent, plural } from '../model/units';
import { Card, Empty, Legend } from '../widgets/bits';
import { Picture } from '../widgets/picture';
import { useWidth } from '../widgets/size';
import { Table, type Column } from '../widgets/table';

interface Stretch {
    readonly from: number;
    readonly to: number;
}

const SHORTEST = 1000; // ns

function zoomed(s: Stretch, factor: number, at: number, duration: number): Stretch {
    const span = Math.max(SHORTEST, (s.to - s.from) * factor);
    if (span > duration - SHORTEST) return { from: 0, to: duration };
    const share = (at - s.from) / (s.to - s.from);
    const from = Math.max(0, Math.min(duration - span, at - share * span));
    return { from: Math.round(from), to: Math.round(from + span) };
}

function moved(s: Stretch, share: number, duration: number): Stretch {
    const span = s.to - s.from;
    const from = Math.max(0, Math.min(duration - span, s.from + share * span));
    return { from: Math.round(from), to: Math.round(from + span) };
}

export function TimelinePanel() {
    const { process, route, set, link, theme } = useView();
    const lanes = lanesOf(process);
    const duration = Math.max(1, process.report.duration_ns);
    const asked: Stretch = { from: numberOf(route, 'from') ?? 0, to: numberOf(route, 'to') ?? duration };
    const seen: Stretch = asked.to > asked.from ? asked : { from: 0, to: duration };
    const show = (s: Stretch) =>
        s.from <= 0 && s.to >= duration
            ? set({ from: '', to: '' }, true)
            : set({ from: s.from, to: s.to }, true);
    const middle = (seen.from + seen.to) / 2;
    useShortcuts([
        { keys: '+ =', says: 'zoom in', run: () => show(zoomed(seen, 0.5, middle, duration)) },
        { keys: '-', says: 'zoom out', run: () => show(zoomed(seen, 2, middle, duration)) },
        { keys: 'ArrowLeft', says: 'earlier', run: () => show(moved(seen, -0.25, duration)) },
        { keys: 'ArrowRight', says: 'later', run: () => show(moved(seen, 0.25, duration)) },
        { keys: '0 Escape', says: 'all of it', run: () => show({ from: 0, to: duration }) },
    ]);
    const sampled = process.metrics.find(m => m.sampled);
    return (
        <>
            <div class="toolbar" role="toolbar" aria-label="Stretch of time">
                <strong>
                    {nanoseconds(seen.from)} to {nanoseconds(seen.to)} after start
                </strong>
                <button
                    type="button"
                    aria-label="Zoom in"
                    onClick={() => show(zoomed(seen, 0.5, middle, duration))}
                >
                    +
                </button>
                <button
                    type="button"
                    aria-label="Zoom out"
                    onClick={() => show(zoomed(seen, 2, middle, duration))}
                >
                    −
                </button>
                <button type="button" aria-label="Earlier" onClick={() => show(moved(seen, -0.25, duration))}>
                    ←
                </button>
                <button type="button" aria-label="Later" onClick={() => show(moved(seen, 0.25, duration))}>
                    →
                </button>
                <button type="button" onClick={() => show({ from: 0, to: duration })}>
                    all
                </button>
                {sampled && process.samples?.log && (
                    <a
                        href={link('flame', {
                            metric: sampled.id,
                            from: Math.round(seen.from),
                            to: Math.round(seen.to),
                        })}
                    >
                        flame graph of this stretch
                    </a>
                )}
            </div>
            <section class="card" aria-label="Lanes">
                <Lanes
                    lanes={lanes}
                    seen={seen}
                    duration={duration}
                    metric={sampled?.index ?? 0}
                    onShow={show}
                />
                {process.samples && <Legend names={process.samples.what} theme={theme} />}
            </section>
            {!process.samples?.log && (
                <Empty
                    title="What threads did is not known."
                    command="modprof run --cpu -o app.mprof -- app args"
                >
                    {process.samples
                        ? 'When samples were taken is not in this page.'
                        : `It takes samples of CPU time, and there are none. ${whyNoSamples(process.report)}`}
                </Empty>
            )}
            <Happened lanes={lanes} seen={seen} onShow={show} />
            <Coroutines />
        </>
    );
}

/** What is known of coroutines, and what is not. */
function Coroutines() {
    const { process } = useView();
    const all = coroutinesOf(process);
    const single = instancesOf(process);
    const resumed = process.report.crossings?.c_to_lua.lua_resume ?? 0;
    if (resumed === 0 && all.length === 0) return null;
    const without = coroutinesWithoutLane(process);
    return (
        <Card
            title="Coroutines"
            means="Samples say in which coroutine they were taken, and which function it runs; of nested ones the innermost counts. Where several run one function they have numbers; one that was collected may leave its number to a later one."
        >
            <p>
                lua_resume was called {plural(resumed, 'time')}.{' '}
                {all.length === 0
                    ? 'No sample was taken in a coroutine.'
                    : without > 0
                      ? `The ${plural(all.length - without, 'function that takes', 'functions that take')} most time ${all.length - without === 1 ? 'has' : 'have'} a lane above; ${count(without)} more ${without === 1 ? 'has' : 'have'} none.`
                      : 'Each function that they run has a lane above.'}
                {single.length > 0 && ' So have the coroutines that take most of each.'}
            </p>
            {all.length > 0 && <CoroutineTable name="coroutines" rows={all} title="function that they run" />}
            {single.length > 0 && (
                <CoroutineTable
                    name="single coroutines"
                    rows={single}
                    title="one of several that run a function"
                />
            )}
        </Card>
    );
}

function CoroutineTable(p: { name: string; rows: readonly (Coroutine | Instance)[]; title: string }) {
    const { process, link } = useView();
    const sampled = process.metrics.find(m => m.sampled);
    const columns = useMemo<Column<Coroutine | Instance>[]>(
        () => [
            {
                id: 'label',
                title: p.title,
                width: 'minmax(12rem, 3fr)',
                value: c => c.label,
                show: c => (
                    <a
                        href={link('flame', {
                            metric: sampled?.id,
                            coroutine: c.number,
                            instance: 'instance' in c ? c.instance : '',
                        })}
                    >
                        {c.label}
                    </a>
                ),
            },
            {
                id: 'time',
                title: sampled?.id === 'wall' ? 'time' : 'CPU time',
                numeric: true,
                width: '8rem',
                value: c => c.weight,
                show: c => nanoseconds(c.weight),
            },
            {
                id: 'share',
                title: 'share',
                numeric: true,
                width: '5.6rem',
                value: c => c.weight,
                show: c => percent(c.weight, process.report.cpu?.time_ns ?? 0),
            },
        ],
        [process, sampled, p.title],
    );
    return <Table name={p.name} rows={p.rows} columns={columns} sort="-time" height={220} />;
}

function Lanes(p: {
    lanes: readonly Lane[];
    seen: Stretch;
    duration: number;
    metric: number;
    onShow: (s: Stretch) => void;
}) {
    const { process, theme, go } = useView();
    const box = useRef<HTMLDivElement>(null);
    const width = useWidth(box, 'lanes');
    const [drag, setDrag] = useState<[number, number] | null>(null);
    const [said, say] = useState('');
    const height = AXIS + p.lanes.reduce((s, l) => s + l.height + LANE_GAP + 2, 0);
    const { from, to } = p.seen;
    const draw = (s: Surface) => {
        drawLanes(s, p.lanes, {
            theme,
            from,
            to,
            duration: p.duration,
            samples: process.samples,
            metric: p.metric,
        });
        if (drag) {
            s.ctx.globalAlpha = 0.2;
            s.ctx.fillStyle = ink(theme).accent;
            s.ctx.fillRect(Math.min(...drag), 0, Math.abs(drag[1] - drag[0]), height);
            s.ctx.globalAlpha = 1;
        }
    };
    const timeAt = (x: number) => from + (x / Math.max(1, width)) * (to - from);
    const place = (e: MouseEvent) => {
        const r = box.current!.getBoundingClientRect();
        return { x: e.clientX - r.left, y: e.clientY - r.top };
    };
    const under = (e: MouseEvent): Item | null => {
        const { x, y } = place(e);
        let top = AXIS;
        for (const l of p.lanes) {
            top += LANE_GAP;
            if (y >= top && y < top + l.height)
                return itemAt(
                    l,
                    timeAt(x),
                    l.kind === 'items' ? Math.floor((y - top) / ITEM_ROW) : 0,
                    (3 * (to - from)) / Math.max(1, width),
                );
            top += l.height;
        }
        return null;
    };
    return (
        <>
            <div
                ref={box}
                class="lanes"
                tabIndex={0}
                role="application"
                aria-label="Time line. Plus and minus zoom, arrow keys move, 0 or Escape shows all; what stands here is also in the table below."
                onPointerDown={e => {
                    e.currentTarget.setPointerCapture(e.pointerId);
                    setDrag([place(e).x, place(e).x]);
                }}
                onPointerMove={e => {
                    if (drag) setDrag([drag[0], place(e).x]);
                    const i = under(e);
                    say(
                        i
                            ? `${i.label}: ${i.to > i.from ? `${nanoseconds(i.to - i.from)}, ` : ''}at ${nanoseconds(i.from)}`
                            : `at ${nanoseconds(timeAt(place(e).x))}`,
                    );
                }}
                onPointerUp={e => {
                    if (!drag) return;
                    const [a, b] = [Math.min(...drag), Math.max(...drag)];
                    setDrag(null);
                    if (b - a > 4)
                        p.onShow({
                            from: Math.round(Math.max(0, timeAt(a))),
                            to: Math.round(Math.min(p.duration, timeAt(b))),
                        });
                    else {
                        const i = under(e);
                        if (i?.page) go(i.page.page, i.page.params);
                    }
                }}
                onDblClick={() => p.onShow({ from: 0, to: p.duration })}
                onWheel={e => {
                    if (!e.ctrlKey) return;
                    e.preventDefault();
                    p.onShow(zoomed(p.seen, e.deltaY > 0 ? 1.3 : 1 / 1.3, timeAt(place(e).x), p.duration));
                }}
            >
                <Picture
                    width={width}
                    height={height}
                    of={[p.lanes, from, to, theme, drag, process]}
                    draw={draw}
                />
            </div>
            <div class="flame-line" role="status">
                {said || 'Drag to zoom in, double click for all of it, click on a module load to see it.'}
            </div>
        </>
    );
}

interface Happening {
    readonly lane: string;
    readonly item: Item;
}

function Happened({
    lanes,
    seen,
    onShow,
}: {
    lanes: readonly Lane[];
    seen: Stretch;
    onShow: (s: Stretch) => void;
}) {
    const rows = useMemo(() => {
        const out: Happening[] = [];
        for (const l of lanes)
            for (const item of l.items)
                if (item.to >= seen.from && item.from <= seen.to) out.push({ lane: l.title, item });
        return out.sort((a, b) => a.item.from - b.item.from);
    }, [lanes, seen.from, seen.to]);
    const columns = useMemo<Column<Happening>[]>(
        () => [
            {
                id: 'at',
                title: 'after start',
                numeric: true,
                width: '7rem',
                value: r => r.item.from,
                show: r => nanoseconds(r.item.from),
            },
            {
                id: 'took',
                title: 'took',
                numeric: true,
                width: '6rem',
                value: r => r.item.to - r.item.from,
                show: r => (r.item.to > r.item.from ? nanoseconds(r.item.to - r.item.from) : '–'),
            },
            { id: 'lane', title: 'lane', width: '11.5rem', value: r => r.lane },
            { id: 'what', title: 'what', width: 'minmax(12rem, 3fr)', value: r => r.item.label },
        ],
        [],
    );
    return (
        <Card title="What happened in this stretch" means="A click on a row zooms in on it.">
            <Table
                name="happenings"
                rows={rows}
                columns={columns}
                sort=""
                onOpen={r => {
                    const pad = Math.max(1000, (r.item.to - r.item.from) * 0.1);
                    onShow({
                        from: Math.max(0, Math.round(r.item.from - pad)),
                        to: Math.round(r.item.to + pad),
                    });
                }}
                height={300}
            />
        </Card>
    );
}
