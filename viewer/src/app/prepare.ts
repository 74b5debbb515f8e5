// What views will ask for first is made while nothing else is to be done, a link of a chain at a time, so that a first look
// costs no more than a later one.  Whatever is asked for earlier is made then: all of it is kept with the models.
import { doingsOf } from '../layout/activity';
import { lanesOf } from '../layout/lanes';
import { giveBack } from '../model/buffers';
import { burstsOf } from '../model/bursts';
import { keptOf, type Kept } from '../model/once';
import type { Page, Process, Trace } from '../model/page';
import { linesOf } from '../model/annotate';
import { matrixOf } from '../model/matrix';
import {
    BYS,
    functionsOf,
    hottest,
    invertedOf,
    pickMetric,
    see,
    shapeOf,
    stacksOf,
} from '../panels/flame_data';

type Step = () => void;

function* steps(process: Process): Generator<Step> {
    const { samples } = process;
    const metric = pickMetric(process, undefined);
    if (samples) yield () => doingsOf(samples);
    if (metric)
        for (const by of BYS) {
            yield () => shapeOf(process, metric, by);
            yield () => see(process, metric, by, {});
            yield () => functionsOf(see(process, metric, by, {}));
            yield () => hottest(see(process, metric, by, {}));
            yield () => stacksOf(see(process, metric, by, {})).children(0);
            yield () => invertedOf(see(process, metric, by, {}));
        }
    if (metric) yield () => giveBack(...[1, 2, 3].map(() => new Float64Array(metric.stacks.n).fill(0)));
    yield () => lanesOf(process);
    yield () => matrixOf(process);
    yield () => burstsOf(process);
    yield () => linesOf(process, process.metrics.find(m => m.stacks.id === 'code') ?? null);
}

/** What the first look at a flame graph of the first process needs, made at once. */
export function firstLooks(model: Page | Trace): readonly Kept[] {
    const trace = 'traces' in model ? model.traces[0] : model;
    const process = trace && 'processes' in trace ? trace.processes[0] : undefined;
    const metric = process && pickMetric(process, undefined);
    if (!metric) return [];
    const { samples } = process;
    const seen = see(process, metric, BYS[0], {});
    functionsOf(seen);
    hottest(seen);
    if (samples) doingsOf(samples);
    return [process.frames, metric.stacks, seen.shape, seen.weights, samples?.log ?? {}].flatMap(keptOf);
}

type Idle = (run: () => void) => () => void;

/** Firefox and Chromium know idle moments; elsewhere a moment later must do. */
const whenIdle: Idle =
    typeof requestIdleCallback === 'function'
        ? run => {
              const id = requestIdleCallback(run, { timeout: 2000 });
              return () => cancelIdleCallback(id);
          }
        : run => {
              const id = setTimeout(run, 30);
              return () => clearTimeout(id);
          };

/** Begins; what is returned stops it.  WHEN_DONE is called when nothing is left to be made. */
export function prepare(process: Process, whenDone: () => void): () => void {
    const all = steps(process);
    let stop = (): void => {};
    const next = () => {
        const step = all.next();
        if (step.done) return whenDone();
        step.value();
        stop = whenIdle(next);
    };
    stop = whenIdle(next);
    return () => stop();
}
