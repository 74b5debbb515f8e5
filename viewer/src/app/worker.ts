// The worker's side of off_thread.ts: one task, one answer.
import { ImportError } from '../import/carrier';
import { firstTables, room } from './tables';
import { importPacked, type Answer, type Task } from './task';

/** Tables change hands instead of being copied. */
function buffersOf(v: unknown, seen = new Set<object>(), out = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
    if (v === null || typeof v !== 'object' || seen.has(v)) return out;
    seen.add(v);
    if (ArrayBuffer.isView(v)) out.add(v.buffer as ArrayBuffer);
    else if (v instanceof Map) for (const x of v.values()) buffersOf(x, seen, out);
    else if (!Array.isArray(v) || typeof v[0] === 'object')
        for (const x of Object.values(v)) buffersOf(x, seen, out);
    return out;
}

async function answer(task: Task): Promise<Answer> {
    try {
        const model = await importPacked(task);
        return { model, kept: firstTables(model, task.widths), room: room(model) };
    } catch (e) {
        return e instanceof ImportError ? { damaged: e.message } : { failed: String(e) };
    }
}

self.onmessage = async e => {
    const a = await answer(e.data as Task);
    self.postMessage(a, { transfer: [...buffersOf(a)] });
};
