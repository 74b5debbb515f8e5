// Budgets: what may be spent where, whether it was, and how it went in earlier runs.
import { useMemo } from 'preact/hooks';
import { useView } from '../app/context';
import type { CheckRule, History } from '../model/page';
import { amount, exact, moment, percent, plural, signed } from '../model/units';
import { Card, Empty, Sparkline } from '../widgets/bits';
import { Table, type Column } from '../widgets/table';

const MARKS: Record<string, string> = {
    pass: 'good',
    fail: 'bad',
    warn: 'warn',
    incomplete: 'warn',
    unstable: 'warn',
    'missing baseline': 'warn',
    untested: 'warn',
    off: '',
};
const SEVERITY = ['fail', 'incomplete', 'unstable', 'missing baseline', 'untested', 'warn', 'pass', 'off'];
const SIGNS: Record<string, string> = {
    pass: '✓',
    fail: '✗',
    warn: '!',
    incomplete: '≥',
    unstable: '≈',
    'missing baseline': '∅',
    untested: '?',
    off: '–',
};

export function BudgetsPanel() {
    const { trace } = useView();
    if (!trace.check && trace.history.length === 0)
        return (
            <Empty
                title={trace.checkError ? 'The budgets could not be read.' : 'There are no budgets.'}
                command="modprof check --init app.mprof"
            >
                {trace.checkError ??
                    'This writes a commented file .modprof, with head-room above what the run took. Where there is one beside the trace or above it, this page shows its verdicts.'}
            </Empty>
        );
    return (
        <>
            {trace.checkError && <p class="note">{trace.checkError}</p>}
            {trace.check && <Rules />}
            <Courses />
        </>
    );
}

/** The sparkline of a rule: the history of its metric. */
function historyOf(rule: CheckRule, history: readonly History[]): History | undefined {
    return history.find(
        h =>
            h.metric === rule.metric &&
            (h.item === '' || rule.rule.includes(h.item) || h.item === rule.place),
    );
}

function Rules() {
    const { trace, route, set } = useView();
    const check = trace.check!;
    const columns = useMemo<Column<CheckRule>[]>(
        () => [
            {
                id: 'verdict',
                title: 'verdict',
                width: '11.5rem',
                value: r => SEVERITY.indexOf(r.verdict),
                show: r => (
                    <span class={`mark ${MARKS[r.verdict] ?? 'warn'}`}>
                        {SIGNS[r.verdict] ?? '?'} {r.verdict}
                    </span>
                ),
            },
            { id: 'rule', title: 'rule', width: 'minmax(10rem, 1.4fr)', value: r => r.rule },
            {
                id: 'measured',
                title: 'measured',
                numeric: true,
                width: '7rem',
                value: r => r.measured,
                show: r =>
                    r.measured === null ? '–' : `${r.lower_bound ? '≥ ' : ''}${amount(r.measured, r.unit)}`,
            },
            {
                id: 'limit',
                title: 'limit',
                numeric: true,
                width: '6.5rem',
                value: r => r.limit?.value ?? r.at_least?.value ?? null,
                show: r => (r.limit ? r.limit.text : r.at_least ? `≥ ${r.at_least.text}` : '–'),
            },
            {
                id: 'warn',
                title: 'warn',
                numeric: true,
                width: '6rem',
                value: r => r.warn?.value ?? null,
                show: r => r.warn?.text ?? '–',
            },
            {
                id: 'used',
                title: 'of limit',
                numeric: true,
                width: '6.5rem',
                value: r => (r.limit && r.measured !== null ? r.measured / r.limit.value : null),
                show: r =>
                    r.limit && r.measured !== null && r.limit.value > 0
                        ? percent(r.measured, r.limit.value)
                        : '–',
            },
            {
                id: 'course',
                title: 'course',
                width: '11rem',
                value: r => historyOf(r, trace.history)?.value.length ?? 0,
                show: r => {
                    const h = historyOf(r, trace.history);
                    return h ? (
                        <Sparkline
                            values={h.value}
                            limit={r.limit?.value ?? null}
                            label={`${h.metric} in ${plural(h.value.length, 'run')}`}
                        />
                    ) : (
                        '–'
                    );
                },
            },
            {
                id: 'sentence',
                title: 'says',
                width: 'minmax(14rem, 3fr)',
                value: says,
            },
        ],
        [trace],
    );
    return (
        <Card
            title="Verdicts"
            means="✓ pass: within. ! warn: beyond what warns. ✗ fail: beyond the limit. ≥ incomplete: something was not seen, so it may be more. ≈ unstable: the runs differ too much to tell. ∅ missing baseline: there is nothing to hold it against. ? untested: nothing of that name was seen."
        >
            <p>
                <span class={`mark ${MARKS[check.verdict] ?? 'warn'}`}>
                    {SIGNS[check.verdict] ?? '?'} {check.verdict}
                </span>{' '}
                {Object.entries(check.counts)
                    .filter(([, n]) => n > 0)
                    .map(([k, n]) => `${n} ${k}`)
                    .join(', ')}{' '}
                <span class="muted">by {check.config}</span>
            </p>
            <Table
                name="budgets"
                rows={check.rules}
                columns={columns}
                sort={route.params['sort'] ?? 'verdict'}
                onSort={sort => set({ sort }, true)}
                rowTitle={says}
                height={560}
            />
        </Card>
    );
}

/** The sentence has the message where a limit is broken, and the reason where there is no verdict. */
function says(r: CheckRule): string {
    return r.message && !r.sentence.includes(r.message) ? `${r.sentence}. ${r.message}` : r.sentence;
}

function Courses() {
    const { trace } = useView();
    const columns = useMemo<Column<History>[]>(
        () => [
            { id: 'metric', title: 'metric', width: 'minmax(10rem, 1fr)', value: h => h.metric },
            {
                id: 'item',
                title: 'of',
                width: 'minmax(8rem, 1fr)',
                value: h => [h.item, h.param].filter(Boolean).join(' ') || 'the whole',
            },
            { id: 'machine', title: 'machine', width: 'minmax(8rem, 1fr)', value: h => h.machine },
            { id: 'n', title: 'runs', numeric: true, width: '4.5rem', value: h => h.value.length },
            {
                id: 'course',
                title: 'course',
                width: '11rem',
                value: h => h.value.length,
                show: h => <Sparkline values={h.value} label={`${h.metric} ${h.item}`} />,
            },
            {
                id: 'last',
                title: 'last',
                numeric: true,
                width: '7rem',
                value: h => h.value.at(-1) ?? null,
                show: h => amount(h.value.at(-1) ?? 0, h.unit),
            },
            {
                id: 'change',
                title: 'since first',
                numeric: true,
                width: '7rem',
                value: h => (h.value.at(-1) ?? 0) - (h.value[0] ?? 0),
                show: h => signed((h.value.at(-1) ?? 0) - (h.value[0] ?? 0), h.unit),
            },
            {
                id: 'when',
                title: 'when',
                width: '15rem',
                value: h => h.at.at(-1) ?? null,
                show: h => (h.at.length ? moment(h.at.at(-1)!) : '–'),
            },
        ],
        [],
    );
    return (
        <Card
            title="Earlier runs"
            means="Values of the same metric in the runs that were kept by modprof bench --save, as medians; one course for each machine."
        >
            {trace.history.length > 0 ? (
                <Table
                    name="history"
                    rows={trace.history}
                    columns={columns}
                    sort=""
                    rowTitle={h =>
                        h.value
                            .map(v => exact(v, h.unit))
                            .join(', ')
                            .slice(0, 500)
                    }
                />
            ) : (
                <Empty title="No earlier runs are kept." command="modprof bench --save -- app args">
                    Values of runs of this command can be kept; then each rule shows its course.
                </Empty>
            )}
        </Card>
    );
}
