// What views will ask for first is made while nothing else is to be done, a link of a chain at a time, so that a first look
// costs no more than a later one.  Whatever is asked for earlier is made then.
import { giveBack } from '../model/buffers';
import { RECENT } from '../model/once';
import type { Process } from '../model/page';
import { BYS, hottest, invertedOf, pickMetric, see } from '../panels/flame_data';
import { laidOut } from '../layout/flame';
import { FLAME_HEIGHT } from '../widgets/flame_view';
import { makeSpare } from '../widgets/picture';
import { expectedWidth } from '../widgets/size';
import { STRIP_HEIGHT } from '../widgets/time_strip';
import type { Patch } from './route';
import { tables, type Step } from './tables';

/** What can be made before there are data: canvases, and the widths of all pictures. */
export function prepareCanvases(): void {
    makeSpare(expectedWidth('flame'), FLAME_HEIGHT);
    makeSpare(expectedWidth('strip'), STRIP_HEIGHT);
    expectedWidth('lanes');
}

/** Shows a view where nobody sees it. */
export type Rehearse = (page: 'flame' | 'timeline' | 'load', params?: Patch) => void;

/** Trees, memory for filters, and the views whose pictures take longest: their code has run then, and their canvases are there. */
function* rehearsals(process: Process, rehearse: Rehearse): Generator<Step> {
    const { samples } = process;
    const metric = pickMetric(process, undefined);
    yield () => rehearse('timeline');
    yield () => rehearse('load');
    if (!metric) return;
    const seen = see(process, metric, BYS[0], {});
    yield () => laidOut(invertedOf(seen), 0, expectedWidth('flame'));
    for (let i = 0; i < 2 * RECENT + 1; i++) yield () => giveBack(new Float64Array(metric.stacks.n).fill(0));
    if (samples) yield () => rehearse('flame', { thread: samples.threads[0]?.tid });
    if (samples?.log)
        yield () => rehearse('flame', { from: 0, to: Math.ceil(process.report.duration_ns / 2) });
    yield () => rehearse('flame', { focus: seen.shape.keys.label[hottest(seen)[0]!] });
    yield () => rehearse('flame', { invert: 1 });
    yield () => rehearse('flame'); // last: its picture is the first to be asked for
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
