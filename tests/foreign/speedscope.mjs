// speedscope.mjs FILE: opens a file of any format in npm's speedscope, within Chromium, has it write what it understood, and prints
// that as folded stacks.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const { chromium } = createRequire(new URL('../../viewer/package.json', import.meta.url))('playwright-core');
const file = process.argv[2];
const folder = mkdtempSync(join(tmpdir(), 'modprof-speedscope-'));

/** What speedscope saves after it has read the file. */
async function read() {
    const browser = await chromium.launch({
        executablePath: process.env.CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    });
    try {
        const page = await browser.newPage();
        const loader = join(folder, 'load.js'), saved = join(folder, 'saved.json');
        const ends = new Promise((fine, bad) => {
            page.on('console', m => {
                if (m.text().startsWith('import:')) fine();
                if (m.text().startsWith('Failed')) bad(new Error(m.text()));
            });
            page.on('pageerror', bad);
            page.on('dialog', d => bad(new Error(d.message())));
        });
        writeFileSync(loader, `speedscope.loadFileFromBase64(${JSON.stringify(basename(file))}, '${readFileSync(file).toString('base64')}')`);
        await page.goto(`file://${process.env.FOREIGN}/node_modules/speedscope/dist/release/index.html#localProfilePath=${loader}`);
        await ends;
        // The page takes the shortcut only once it has drawn the profile.
        for (let download; !download;) {
            const waiting = page.waitForEvent('download', { timeout: 1000 }).catch(() => undefined);
            await page.keyboard.press('Control+s');
            download = await waiting;
            await download?.saveAs(saved);
        }
        return JSON.parse(readFileSync(saved, 'utf8'));
    } finally {
        await browser.close();
    }
}

/** Opening and closing of frames, and samples: each stack's own weight. */
function folded({ shared: { frames }, profiles }) {
    const sum = new Map();
    const add = (stack, weight) => {
        const key = stack.map(i => frames[i].name).join(';');
        if (weight) sum.set(key, (sum.get(key) ?? 0) + weight);
    };
    for (const p of profiles) {
        p.samples?.forEach((stack, i) => add(stack, p.weights[i]));
        const stack = [];
        let at = p.startValue;
        for (const e of p.events ?? []) {
            if (stack.length) add(stack, e.at - at);
            at = e.at;
            if (e.type === 'O') stack.push(e.frame);
            else stack.pop();
        }
    }
    return sum;
}

try {
    for (const [stack, weight] of folded(await read())) console.log(`${stack} ${weight}`);
} finally {
    rmSync(folder, { recursive: true, force: true });
}
