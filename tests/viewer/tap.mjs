// Tests as facts, told as TAP: test(fact, fn) ... finish().  A test fails by throwing.
import assert from 'node:assert/strict';

const all = [];
export { assert };

export function test(fact, fn) {
    all.push({ fact, fn });
}

/** Runs what was declared, in order; AFTER releases what tests shared. */
export async function finish(after = async () => {}) {
    let n = 0;
    let failed = 0;
    console.log(`1..${all.length}`);
    for (const { fact, fn } of all) {
        n++;
        try {
            await fn();
            console.log(`ok ${n} ${fact}`);
        } catch (e) {
            failed++;
            console.log(`not ok ${n} ${fact}`);
            console.log(String(e?.stack ?? e).slice(0, 4000).replace(/^/gm, '#   '));
        }
    }
    await after();
    process.exit(failed ? 1 : 0);
}
