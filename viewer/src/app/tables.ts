// Tables that views will ask for first, made by whoever reads the data.  They are kept with the models.
import { doingsOf, wholeActivity } from '../layout/activity';
import { laidOut } from '../layout/flame';
import { lanesOf } from '../layout/lanes';
import { linesOf } from '../model/annotate';
import { coroutinesOf, instancesOf } from '../model/coroutines';
import { burstsOf } from '../model/bursts';
import { matrixOf } from '../model/matrix';
import { keptOf, type Kept } from '../model/once';
import type { Page, Process, Trace } from '../model/page';
import { downTree } from '../model/tree';
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

/** Of the pictures that a first flame graph consists of. */
export interface Widths {
    readonly flame: number;
    readonly strip: number;
}

function firstPictures(process: Process, widths: Widths): void {
    const { samples, report } = process;
    const metric = pickMetric(process, undefined);
    if (!metric) return;
    const seen = see(process, metric, BYS[0], {});
    laidOut(downTree(seen.shape, seen.weights), 0, Math.max(1, widths.flame));
    if (samples?.log && metric.sampled)
        wholeActivity(samples, Math.max(1, report.duration_ns), widths.strip, metric.index);
    statesOf(process);
    coroutinesOf(process);
    instancesOf(process);
}

/** Makes the tables of the first process at once. */
export function firstTables(model: Page | Trace, widths: Widths): readonly Kept[] {
    const trace = 'traces' in model ? model.traces[0] : model;
    const process = trace && 'processes' in trace ? trace.processes[0] : undefined;
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
