// Tables of the page Load: files looked for in vain, modules asked for again, chunks compiled.
import { useMemo } from 'preact/hooks';
import { useView } from '../app/context';
import type { ModuleRow } from '../model/report';
import { bytes, nanoseconds, plural } from '../model/units';
import { Card, Empty } from '../widgets/bits';
import { Table, type Column } from '../widgets/table';

interface Miss {
    readonly path: string;
    readonly module: string;
    readonly errno: number;
    readonly ns: number;
}

interface Dir {
    readonly pattern: string;
    n: number;
    ns: number;
}

/** The search pattern that a path came from: its name put back as `?`. */
function patternOf(path: string, module: string): string {
    const name = module.replace(/\./g, '/');
    const at = path.lastIndexOf(name);
    return at < 0
        ? path.slice(0, path.lastIndexOf('/') + 1)
        : `${path.slice(0, at)}?${path.slice(at + name.length)}`;
}

export function MissTable({ modules }: { modules: ModuleRow[] }) {
    const { route, set } = useView();
    const [misses, dirs] = useMemo(() => {
        const out: Miss[] = [];
        const by = new Map<string, Dir>();
        for (const m of modules)
            for (const t of m.tried)
                if (t.errno !== 0) {
                    out.push({ path: t.path, module: m.name, errno: t.errno, ns: t.duration_ns });
                    const pattern = patternOf(t.path, m.name);
                    const d = by.get(pattern) ?? { pattern, n: 0, ns: 0 };
                    d.n++;
                    d.ns += t.duration_ns;
                    by.set(pattern, d);
                }
        return [out, [...by.values()]] as const;
    }, [modules]);
    const columns = useMemo<Column<Miss>[]>(
        () => [
            { id: 'path', title: 'file', width: 'minmax(16rem, 3fr)', value: r => r.path },
            { id: 'module', title: 'for module', value: r => r.module },
            {
                id: 'errno',
                title: 'error',
                help: 'errno; 2: no such file',
                numeric: true,
                width: '4.5rem',
                value: r => r.errno,
            },
            {
                id: 'ns',
                title: 'time',
                numeric: true,
                width: '5.5rem',
                value: r => r.ns,
                show: r => nanoseconds(r.ns),
            },
        ],
        [],
    );
    const dirColumns = useMemo<Column<Dir>[]>(
        () => [
            { id: 'pattern', title: 'pattern', width: 'minmax(16rem, 3fr)', value: r => r.pattern },
            { id: 'n', title: 'misses', numeric: true, value: r => r.n },
            { id: 'ns', title: 'time', numeric: true, value: r => r.ns, show: r => nanoseconds(r.ns) },
        ],
        [],
    );
    if (misses.length === 0)
        return (
            <Empty title="No file was looked for in vain.">Every module was found at the first place.</Empty>
        );
    const time = misses.reduce((s, m) => s + m.ns, 0);
    return (
        <>
            <Card
                title="By search pattern"
                means="Entries of package.path and package.cpath, in which the module's name stands for the question mark."
            >
                <p>
                    {plural(misses.length, 'file')} looked for in vain, {nanoseconds(time)} together.
                </p>
                <Table name="search patterns" rows={dirs} columns={dirColumns} sort="-n" plain height={220} />
            </Card>
            <Card title="Files">
                <Table
                    name="files looked for in vain"
                    rows={misses}
                    columns={columns}
                    sort={route.params['sort'] ?? '-ns'}
                    onSort={sort => set({ sort }, true)}
                    filter={route.params['q'] ?? ''}
                    onFilter={q => set({ q }, true)}
                />
            </Card>
        </>
    );
}

type Hit = { name: string; calls: number; timed: number; timed_ns: number };
type Chunk = NonNullable<ReturnType<typeof useView>['process']['report']['chunks']>[number];

export function AgainTables() {
    const { process } = useView();
    const hits = process.report.require_hits ?? [];
    const chunks = process.report.chunks ?? [];
    const hitColumns = useMemo<Column<Hit>[]>(
        () => [
            { id: 'name', title: 'module', value: r => r.name },
            { id: 'calls', title: 'calls', numeric: true, value: r => r.calls },
            {
                id: 'mean',
                title: 'each',
                help: 'mean of the calls that were timed',
                numeric: true,
                value: r => (r.timed ? r.timed_ns / r.timed : null),
                show: r => (r.timed ? nanoseconds(r.timed_ns / r.timed) : '–'),
            },
        ],
        [],
    );
    const chunkColumns = useMemo<Column<Chunk>[]>(
        () => [
            {
                id: 'name',
                title: 'chunk',
                width: 'minmax(14rem, 3fr)',
                value: r => r.name.replace(/^[@=]/, ''),
            },
            { id: 'origin', title: 'by', width: '6rem', value: r => r.origin },
            { id: 'compiled', title: 'compiled', numeric: true, value: r => r.compiled },
            { id: 'again', title: 'same text again', numeric: true, value: r => r.compiled_again },
            { id: 'failed', title: 'failed', numeric: true, width: '4.5rem', value: r => r.failed },
            { id: 'bytes', title: 'size', numeric: true, value: r => r.bytes, show: r => bytes(r.bytes) },
            {
                id: 'compile',
                title: 'compile',
                numeric: true,
                value: r => r.compile_ns,
                show: r => nanoseconds(r.compile_ns),
            },
            {
                id: 'read',
                title: 'read',
                numeric: true,
                value: r => r.read_ns,
                show: r => nanoseconds(r.read_ns),
            },
            {
                id: 'run',
                title: 'run',
                numeric: true,
                value: r => r.run_ns,
                show: r => nanoseconds(r.run_ns),
            },
        ],
        [],
    );
    return (
        <>
            <Card
                title="Modules that were loaded already"
                means="require of a module that is loaded finds it in package.loaded: cheap, but not free in a loop."
            >
                {hits.length ? (
                    <Table name="require hits" rows={hits} columns={hitColumns} sort="-calls" height={260} />
                ) : (
                    <p class="muted">No module was asked for again.</p>
                )}
            </Card>
            <Card title="Chunks" means="Everything that Lua compiled: files, and texts given to load.">
                {chunks.length ? (
                    <Table name="chunks" rows={chunks} columns={chunkColumns} sort="-compile" height={340} />
                ) : (
                    <p class="muted">Nothing was compiled.</p>
                )}
            </Card>
        </>
    );
}
