// The whole document: its version, its traces, its verdicts.
import type { Check, CheckRule, History, Page, Trace, TraceRef, Unit } from '../model/page';
import { sameLength } from './columns';
import { ImportError } from './carrier';
import { damaged, list, maybeList, maybeObject, maybeText, number, object, text, type Json } from './look';
import { importProcess } from './process';

const VERSION = 1;

function version(doc: Json): void {
    if (doc['schema'] !== 'modprof-page')
        throw new ImportError('The data in this page are not a document of modprof.');
    if (doc['version'] !== VERSION)
        throw new ImportError(
            `The data in this page are of version ${String(doc['version'])}, and this page reads version ${VERSION}. ` +
                'Make the page and its data with the same modprof.',
        );
}

function check(v: unknown, where: string): Check | null {
    const c = maybeObject(v, where);
    if (!c) return null;
    const rules = list(c['rules'], `${where}.rules`).map((r, i) => {
        const rule = object(r, `${where}.rules[${i}]`);
        text(rule['verdict'], `${where}.rules[${i}].verdict`);
        text(rule['metric'], `${where}.rules[${i}].metric`);
        return rule as unknown as CheckRule;
    });
    return {
        verdict: text(c['verdict'], `${where}.verdict`),
        config: maybeText(c['config'], `${where}.config`) ?? '',
        counts: (maybeObject(c['counts'], `${where}.counts`) ?? {}) as Record<string, number>,
        rules,
    };
}

function history(v: unknown, where: string): History {
    const h = object(v, where);
    const at = list(h['at_unix_ns'], `${where}.at_unix_ns`).map((n, i) =>
        number(n, `${where}.at_unix_ns[${i}]`),
    );
    const value = list(h['value'], `${where}.value`).map((n, i) => number(n, `${where}.value[${i}]`));
    sameLength(where, at, value);
    return {
        metric: text(h['metric'], `${where}.metric`),
        item: maybeText(h['item'], `${where}.item`) ?? '',
        param: maybeText(h['param'], `${where}.param`) ?? '',
        machine: maybeText(h['machine'], `${where}.machine`) ?? '',
        unit: h['unit'] as Unit,
        at,
        value,
    };
}

function trace(v: unknown, where: string): Trace | TraceRef {
    const t = object(v, where);
    const name = text(t['name'], `${where}.name`);
    if (typeof t['href'] === 'string') return { name, href: t['href'] };
    const report = object(t['report'], `${where}.report`);
    const rows = list(report['processes'], `${where}.report.processes`);
    const processes = list(t['processes'], `${where}.processes`);
    if (rows.length !== processes.length)
        damaged(`${where}.processes`, `has ${processes.length} rows, its report ${rows.length}`);
    return {
        name,
        bytes: typeof t['bytes'] === 'number' ? t['bytes'] : 0,
        processes: processes.map((p, i) => importProcess(p, rows[i], i, `${where}.processes[${i}]`)),
        check: check(t['check'], `${where}.check`),
        checkError: maybeText(t['check_error'], `${where}.check_error`),
        history: maybeList(t['history'], `${where}.history`).map((h, i) =>
            history(h, `${where}.history[${i}]`),
        ),
    };
}

export function importPage(v: unknown): Page {
    const doc = object(v, 'the document');
    version(doc);
    const traces = list(doc['traces'], 'traces').map((t, i) => trace(t, `traces[${i}]`));
    if (traces.length === 0) damaged('traces', 'is empty');
    const pair = maybeList(doc['compare'], 'compare').map((n, i) => number(n, `compare[${i}]`));
    for (const i of pair) if (!traces[i]) damaged('compare', `names trace ${i}`);
    return {
        title: maybeText(doc['title'], 'title') ?? '',
        modprof: maybeText(doc['modprof'], 'modprof') ?? '',
        traces,
        compare: pair.length === 2 ? [pair[0]!, pair[1]!] : null,
        live: doc['live'] === true,
    };
}

/** A trace that the server sent later, in answer to a TraceRef. */
export function importTrace(v: unknown): Trace {
    const doc = object(v, 'the document');
    version(doc);
    const t = trace(doc, 'the trace');
    if ('href' in t) damaged('the trace', 'is only a link');
    return t as Trace;
}
