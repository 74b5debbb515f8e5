// Lines over time (uPlot): drag to zoom, double click for all of it; the numbers also as a table.
import { useEffect, useMemo, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { ink, type Theme } from '../draw/colours';
import { TIME_STEPS } from '../layout/ticks';
import type { Series, Unit } from '../model/page';
import { amount, nanoseconds } from '../model/units';
import { Table, type Column } from './table';
import { useWidth } from './size';

const LINES: [string, string][] = [
    ['#0b6bb8', '#6cb6f5'],
    ['#c46a00', '#f0a940'],
    ['#00684b', '#46c79b'],
    ['#a4107c', '#ff9de2'],
    ['#6f5499', '#b89be0'],
    ['#57606a', '#9aa4af'],
];
const DASHES: number[][] = [[], [7, 3], [2, 2], [10, 3, 2, 3], [4, 4], [1, 3]];

const POWERS = Array.from({ length: 44 }, (_, i) => i);
/** Steps between ticks that are round in the unit. */
const STEPS: Record<Unit, number[]> = {
    bytes: POWERS.map(i => 2 ** i),
    ns: [...TIME_STEPS],
    count: POWERS.slice(0, 15).flatMap(i => [1, 2, 5].map(m => m * 10 ** i)),
};

export function Chart(p: {
    series: Series;
    theme: Theme;
    name: string;
    unit: Unit;
    height?: number;
    marks?: readonly { at_ns: number; name: string }[];
}) {
    const box = useRef<HTMLDivElement>(null);
    const width = useWidth(box, 'chart');
    useEffect(() => {
        if (!box.current || width === 0) return undefined;
        const colours = ink(p.theme);
        const axis = {
            stroke: colours.muted,
            grid: { stroke: colours.line, width: 1 },
            ticks: { stroke: colours.line },
        };
        const plot = new uPlot(
            {
                width,
                height: p.height ?? 260,
                scales: {
                    x: { time: false },
                    y: { range: (_u, lo, hi) => [Math.min(0, lo), hi > 0 ? hi * 1.05 : 1] },
                },
                axes: [
                    { ...axis, values: (_u, at) => at.map(t => nanoseconds(t)), space: 90, incrs: STEPS.ns },
                    {
                        ...axis,
                        size: 76,
                        incrs: STEPS[p.unit],
                        values: (_u, at) => at.map(v => amount(v, p.unit)),
                    },
                ],
                series: [
                    { label: 'at', value: (_u, v) => (v == null ? '–' : nanoseconds(v)) },
                    ...p.series.lines.map((l, i) => ({
                        label: l.title,
                        stroke: LINES[i % LINES.length]![p.theme === 'light' ? 0 : 1],
                        dash: DASHES[i % DASHES.length]!,
                        width: 1.75,
                        value: (_u: uPlot, v: number | null) => (v == null ? '–' : amount(v, p.unit)),
                    })),
                ],
                hooks: { draw: [u => drawMarks(u, p.marks ?? [], colours.accent)] },
            },
            [p.series.at, ...p.series.lines.map(l => l.values)],
            box.current,
        );
        return () => plot.destroy();
    }, [p.series, width, p.theme, p.marks]);
    return (
        <>
            <div
                ref={box}
                class="chart"
                role="img"
                aria-label={`${p.name}: ${p.series.lines.map(l => l.title).join(', ')} over time`}
            />
            <Numbers series={p.series} name={p.name} />
        </>
    );
}

function drawMarks(u: uPlot, marks: readonly { at_ns: number; name: string }[], colour: string): void {
    const { ctx } = u;
    ctx.save();
    ctx.strokeStyle = colour;
    ctx.fillStyle = colour;
    for (const m of marks) {
        const x = u.valToPos(m.at_ns, 'x', true);
        if (x < u.bbox.left || x > u.bbox.left + u.bbox.width) continue;
        ctx.beginPath();
        ctx.moveTo(x, u.bbox.top);
        ctx.lineTo(x, u.bbox.top + u.bbox.height);
        ctx.stroke();
        ctx.fillText(m.name.slice(0, 40), x + 4, u.bbox.top + 12);
    }
    ctx.restore();
}

function Numbers({ series, name }: { series: Series; name: string }) {
    const rows = useMemo(() => Array.from(series.at, (_, i) => i), [series]);
    const columns = useMemo<Column<number>[]>(
        () => [
            {
                id: 'at',
                title: 'after start',
                numeric: true,
                value: i => series.at[i]!,
                show: i => nanoseconds(series.at[i]!),
            },
            ...series.lines.map(l => ({
                id: l.id,
                title: l.title,
                numeric: true,
                value: (i: number) => l.values[i]!,
                show: (i: number) => amount(l.values[i]!, l.unit),
            })),
        ],
        [series],
    );
    return (
        <details>
            <summary>the same as a table</summary>
            <Table name={name} rows={rows} columns={columns} height={260} />
        </details>
    );
}
