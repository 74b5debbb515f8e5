// Documents are unpacked, checked and put into tables in a worker, so that the page answers meanwhile; where there can be no
// worker (a policy that somebody put before ours, an old browser) the page does it itself.
import { ImportError, type Packed } from '../import/carrier';
import { giveBack } from '../model/buffers';
import type { Page, Trace } from '../model/page';
import { keep } from '../model/once';
import { firstTables, type Widths } from './tables';
import { importPacked, type Answer, type Task } from './task';
import { expectedWidth } from '../widgets/size';
import { readBy } from './ready';
import { warmUp } from './rehearse';

/** build.mjs puts the bundle of worker.ts here. */
declare const WORKER_SOURCE: string;

/** Both sides of what goes wrong: a sentence about the data, or a mistake of ours. */
function taken(a: Answer): Page | Trace {
    if (a.damaged !== undefined) throw new ImportError(a.damaged);
    if (!a.model) throw new Error(a.failed ?? 'the worker did not answer');
    for (const k of a.kept ?? []) keep(k);
    giveBack(...(a.room ?? []));
    return a.model;
}

function askWorker(task: Task): Promise<Answer | null> {
    return new Promise(resolve => {
        let worker: Worker;
        const url = URL.createObjectURL(new Blob([WORKER_SOURCE], { type: 'text/javascript' }));
        const end = (a: Answer | null) => {
            worker?.terminate();
            URL.revokeObjectURL(url);
            resolve(a);
        };
        try {
            worker = new Worker(url);
        } catch {
            return end(null);
        }
        worker.onmessage = e => end(e.data as Answer);
        worker.onerror = e => {
            e.preventDefault();
            end(null);
        };
        worker.onmessageerror = () => end(null);
        worker.postMessage(task);
    });
}

async function open(task: Task): Promise<Page | Trace> {
    const answering = askWorker(task);
    const stop = warmUp();
    const answer = await answering;
    stop();
    readBy(answer ? 'worker' : 'page');
    if (answer) return taken(answer);
    const model = await importPacked(task);
    firstTables(model, task.widths);
    return model;
}

const widths = (): Widths => ({
    flame: expectedWidth('flame'),
    strip: expectedWidth('strip'),
    lanes: expectedWidth('lanes'),
});

export const openPage = (packed: Packed) => open({ packed, what: 'page', widths: widths() }) as Promise<Page>;
export const openTrace = (packed: Packed) =>
    open({ packed, what: 'trace', widths: widths() }) as Promise<Trace>;
