// node build.mjs [OUT]: bundles src/ into one HTML file without outside references (default dist/page.html).
//
// The file holds one <style>, one <script> and the placeholder <!--modprof-data-->, where modprof puts the
// data (docs/PAGE.md).
import { createHash } from 'node:crypto';
import { build } from 'esbuild';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, 'dist', 'page.html');
const PLACEHOLDER = '<!--modprof-data-->';

const bundle = async (entry, define = {}) => {
    const { outputFiles } = await build({
        entryPoints: [join(here, 'src/app', entry)],
        absWorkingDir: here,
        bundle: true,
        define,
        minify: true,
        write: false,
        outdir: 'out',
        format: 'iife',
        target: ['chrome109', 'firefox115'],
        charset: 'ascii',
        legalComments: 'none',
        logLevel: 'warning',
    });
    const text = suffix => outputFiles.find(f => f.path.endsWith(suffix))?.text.trim() ?? '';
    return { script: text('.js'), style: text('.css') };
};
// The worker is a text within the page: a page of one file has nowhere else to load it from.
const worker = await bundle('worker.ts', { WORKER_SOURCE: '""' });
const { script, style } = await bundle('main.tsx', { WORKER_SOURCE: JSON.stringify(worker.script) });
// Nothing of the bundle may end its element, nor look like the place for the data.
for (const [what, body] of [
    ['script', script],
    ['style', style],
]) {
    if (body.includes(`</${what}`) || body.includes('<!--'))
        throw new Error(`the bundled ${what} holds </${what} or <!--`);
}
let page = (await readFile(join(here, 'src/page.html'), 'utf8'))
    .replace('/*style*/', () => style)
    .replace('/*script*/', () => script);
// Only this very script may run, and nothing may be fetched but from the page's own server.
const hashOf = tag => {
    const inline = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)[1];
    return `'sha256-${createHash('sha256').update(inline).digest('base64')}'`;
};
const policy = [
    "default-src 'none'",
    `script-src ${hashOf('script')}`,
    `style-src ${hashOf('style')}`,
    'img-src data: blob:',
    'worker-src blob:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
].join('; ');
page = page.replace('/*policy*/', () => policy);
if (page.split(PLACEHOLDER).length !== 2) throw new Error(`src/page.html needs one ${PLACEHOLDER}`);
await mkdir(dirname(out), { recursive: true });
await writeFile(out, page);
console.log(`${out}: ${(page.length / 1024).toFixed(1)} KiB`);
