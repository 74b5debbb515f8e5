// open_page.mjs FILE...: opens documents (page-json, a trace of `modprof view`, or pages made by `export --format html`) with the viewer's own importer, and
// prints what it holds then as JSON, one line for each FILE; `damaged: SENTENCE` and status 1 where it refuses one.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../../viewer/package.json', import.meta.url));
const source = new URL('../../viewer/src/', import.meta.url).pathname;

async function importer() {
    const dir = mkdtempSync(join(tmpdir(), 'modprof-open-'));
    const outfile = join(dir, 'importer.mjs');
    const parts = { page: 'import/page', carrier: 'import/carrier', facts: 'model/facts' };
    const contents = Object.entries(parts).map(([n, f]) => `export * as ${n} from ${JSON.stringify(source + f)};`).join('\n');
    await require('esbuild').build({ stdin: { contents, resolveDir: source }, bundle: true, format: 'esm', outfile, logLevel: 'error' });
    const made = await import(pathToFileURL(outfile).href);
    rmSync(dir, { recursive: true });
    return made;
}

async function documentOf(v, path) {
    const text = readFileSync(path, 'utf8');
    const inside = /<script type="application\/octet-stream" id="modprof-page">([^<]*)<\/script>/.exec(text);
    return v.carrier.parseJson(inside ? await v.carrier.gunzip(v.carrier.base64Bytes(inside[1])) : text);
}

const sum = values => values.reduce((a, b) => a + b, 0);

function told(v, trace) {
    return {
        name: trace.name,
        verdict: trace.check?.verdict ?? null,
        history: trace.history.length,
        processes: trace.processes.map(p => ({
            pid: p.report.pid,
            metrics: Object.fromEntries(p.metrics.map(m => [m.id, sum(m.self)])),
            samples: p.samples ? sum(p.samples.rows.count) : 0,
            moments: p.memory?.at.length ?? 0,
            marks: p.marks.map(m => m.name),
            sources: p.sources.size,
            pruned: p.pruned,
            facts: v.facts.facts(trace, p).length,
        })),
    };
}

const v = await importer();
for (const path of process.argv.slice(2)) {
    try {
        const doc = await documentOf(v, path);
        // A trace by itself, as the server sends it.
        const page = doc.traces ? v.page.importPage(doc) : { title: '', compare: null, traces: [v.page.importTrace(doc)] };
        const traces = page.traces.map(t => ('href' in t ? { name: t.name, href: t.href } : told(v, t)));
        console.log(JSON.stringify({ title: page.title, compare: page.compare, traces }));
    } catch (e) {
        if (!(e instanceof v.carrier.ImportError)) throw e;
        console.log(`damaged: ${e.message}`);
        process.exitCode = 1;
    }
}
