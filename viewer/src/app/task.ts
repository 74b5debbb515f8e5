// What the page and its worker say to each other, and what either does with a document.
import { unpacked, type Packed } from '../import/carrier';
import { importPage, importTrace } from '../import/page';
import type { Kept } from '../model/once';
import type { Page, Trace } from '../model/page';
import type { Widths } from './tables';

export interface Task {
    readonly packed: Packed;
    readonly what: 'page' | 'trace';
    readonly widths: Widths;
}

/** MODEL and what was made of it already: one message, so that both speak of the same objects. */
export interface Answer {
    readonly model?: Page | Trace;
    readonly kept?: readonly Kept[];
    readonly room?: readonly Uint8Array[]; // memory for what comes (model/buffers)
    readonly damaged?: string; // an ImportError's sentence
    readonly failed?: string;
}

export async function importPacked(task: Task): Promise<Page | Trace> {
    const doc = await unpacked(task.packed);
    return task.what === 'page' ? importPage(doc) : importTrace(doc);
}
