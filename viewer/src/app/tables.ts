// Tables that views will ask for first, made by whoever reads the data.  They are kept with the models.
import { doingsOf, wholeActivity } from '../layout/activity';
import { laidOut } from '../layout/flame';
import { laneActivity, lanesOf } from '../layout/lanes';
import { linesOf } from '../model/annotate';
import { coroutinesOf, instancesOf } from '../model/coroutines';
import { burstsOf } from '../model/bursts';
import { matrixOf } from '../model/matrix';
import { keptOf, RECENT, type Kept } from '../model/once';
import type { Metric, Page, Process, Trace } from '../model/page';
import { downTree, roomOfPaths } from '../model/tree';
import { BYS, functionsOf, hottest, pickMetric, see, statesOf } from '../panels/flame_data';

export type Step = () => void;

export function* tables(process: Process): Generator<Step> {
    const { samples } = process;
    const metric = pickMetric(process, undefined);
    if (samples) yield () => doingsOf(samples);
    if (metric)
        for (const by of BYS) {
            yield () => functionsOf(see(process, metric, by, {}));
            yield () => hottest(see(process, metric, by, {}));
        }
    yield () => lanesOf(process);
    yield () => matrixOf(process);
    yield () => burstsOf(process);
    yield () => linesOf(process, process.metrics.find(m => m.stacks.id === 'code') ?? null);
}

/** Of the pictures that are asked for first. */
export interface Widths {
    readonly flame: number;
    readonly strip: number;
    readonly lanes: number;
}

/** Of the strip of a flame graph, and of the lanes of the time line. */
function firstActivities(process: Process, metric: Metric, widths: Widths): void {
    const { samples, report } = process;
    if (!samples?.log) return;
    const duration = Math.max(1, report.duration_ns);
    for (const thread of [undefined, ...samples.threads.keys()].slice(0, MOST_STRIPS))
        wholeActivity(samples, duration, widths.strip, { metric: metric.index, thread });
    const whole = { from: 0, to: duration, duration, metric: metric.index };
    for (const lane of lanesOf(process).slice(0, MOST_LANES))
        if (lane.kind === 'activity') laneActivity(samples, lane, Math.max(1, widths.lanes), whole);
}

/** All threads together, and some by themselves. */
const MOST_STRIPS = 9;
const MOST_LANES = 30;

function firstPictures(process: Process, widths: Widths): void {
    const metric = pickMetric(process, undefined);
    if (!metric) return;
    const seen = see(process, metric, BYS[0], {});
    laidOut(downTree(seen.shape, seen.weights), 0, Math.max(1, widths.flame));
    if (metric.sampled) firstActivities(process, metric, widths);
    statesOf(process);
    coroutinesOf(process);
    instancesOf(process);
}

function firstProcess(model: Page | Trace): Process | undefined {
    const trace = 'traces' in model ? model.traces[0] : model;
    return trace && 'processes' in trace ? trace.processes[0] : undefined;
}

/** Memory for filters and for a tree of callers, touched once: that is what costs. */
export function room(model: Page | Trace): readonly Uint8Array[] {
    const process = firstProcess(model);
    const metric = process && pickMetric(process, undefined);
    if (!metric) return [];
    const { shape } = see(process, metric, BYS[0], {});
    const weights = new Array<number>(2 * RECENT).fill(shape.n * Float64Array.BYTES_PER_ELEMENT);
    return [...weights, ...roomOfPaths(shape)].map(bytes => new Uint8Array(bytes).fill(0));
}

/** Makes the tables of the first process at once. */
export function firstTables(model: Page | Trace, widths: Widths): readonly Kept[] {
    const process = firstProcess(model);
    if (!process) return [];
    for (const step of tables(process)) step();
    firstPictures(process, widths);
    const { frames, metrics, samples } = process;
    const metric = pickMetric(process, undefined);
    const seen = metric ? BYS.map(by => see(process, metric, by, {})) : [];
    return [
        ...[process, frames, ...metrics, ...new Set(metrics.map(m => m.stacks))],
        ...seen.flatMap(s => [s.shape, s.weights]),
        ...(samples ? [samples, samples.log ?? {}] : []),
    ].flatMap(keptOf);
}
