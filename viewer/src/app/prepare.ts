// What views will ask for first is made while nothing else is to be done, a link of a chain at a time, so that a first look
// costs no more than a later one.  Whatever is asked for earlier is made then.
import type { Metric, Process } from '../model/page';
import { BYS, filterOf, hottest, invertedOf, pickMetric, see, stacksOf } from '../panels/flame_data';
import { laidOut } from '../layout/flame';
import { FLAME_HEIGHT } from '../widgets/flame_view';
import { makeSpare } from '../widgets/picture';
import { expectedWidth } from '../widgets/size';
import { STRIP_HEIGHT } from '../widgets/time_strip';
import type { Rehearse } from './rehearse';
import { patched, type Patch } from './route';
import { tables, type Step } from './tables';

/** What can be made before there are data: canvases, and the widths of all pictures. */
export function prepareCanvases(): void {
    makeSpare(expectedWidth('flame'), FLAME_HEIGHT);
    makeSpare(expectedWidth('strip'), STRIP_HEIGHT);
    expectedWidth('lanes');
}

/** A flame graph, a link of the chain at a time. */
function* flame(process: Process, metric: Metric, rehearse: Rehearse, params: Patch): Generator<Step> {
    const route = patched({ page: 'flame', params: {} }, params);
    const seen = () => see(process, metric, BYS[0], filterOf(route));
    const width = expectedWidth('flame');
    yield () => seen();
    yield () => hottest(seen());
    yield () => laidOut(route.params['invert'] ? invertedOf(seen()) : stacksOf(seen()), 0, width);
    yield () => rehearse('flame', params);
}

/** Trees, and the views whose pictures take longest: their code has run then, and their canvases are there. */
function* rehearsals(process: Process, rehearse: Rehearse): Generator<Step> {
    const { samples } = process;
    const metric = pickMetric(process, undefined);
    yield () => rehearse('timeline');
    yield () => rehearse('load');
    if (!metric) return;
    const views: Patch[] = [];
    if (samples) views.push({ thread: samples.threads[0]?.tid });
    if (samples?.log) views.push({ from: 0, to: Math.ceil(process.report.duration_ns / 2) });
    const seen = see(process, metric, BYS[0], {});
    views.push({ focus: seen.shape.keys.label[hottest(seen)[0]!] }, { invert: 1 });
    views.push({}); // last: its picture is the first to be asked for
    for (const params of views) yield* flame(process, metric, rehearse, params);
}

function* chain(process: Process, rehearse: Rehearse): Generator<Step> {
    yield* tables(process);
    yield* rehearsals(process, rehearse);
}

type Idle = (run: () => void) => () => void;

/** While frames follow each other an idle moment is a short one: not for what takes longer. */
const LONG_MS = 25;

/** Firefox and Chromium know idle moments; elsewhere a moment later must do. */
const whenIdle: Idle =
    typeof requestIdleCallback === 'function'
        ? run => {
              const look = (d: IdleDeadline) =>
                  d.didTimeout || d.timeRemaining() > LONG_MS ? run() : (id = wait());
              const wait = () => requestIdleCallback(look, { timeout: 2000 });
              let id = wait();
              return () => cancelIdleCallback(id);
          }
        : run => {
              const id = setTimeout(run, 30);
              return () => clearTimeout(id);
          };

/** Begins; what is returned stops it.  WHEN_DONE is called when nothing is left to be made. */
export function prepare(process: Process, rehearse: Rehearse, whenDone: () => void): () => void {
    const all = chain(process, rehearse);
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
