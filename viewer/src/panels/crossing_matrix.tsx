// The matrix of callers and C functions: the heaviest of each, the rest summed up.
import { useView } from '../app/context';
import type { Matrix } from '../model/matrix';
import type { Unit } from '../model/page';
import { amount, exact, percent, plural } from '../model/units';
import { saveFile, toCsv } from '../widgets/csv';

const STEP = 12;
const WIDE = 10; // columns that a page has room for

export function MatrixView({ matrix, unit }: { matrix: Matrix; unit: Unit }) {
    const { route, set, link } = useView();
    const shown = Math.max(STEP, Number(route.params['cells'] ?? STEP) || STEP);
    const rows = Math.min(shown, matrix.callers.length);
    const columns = Math.min(shown - STEP + WIDE, matrix.functions.length);
    const width = matrix.functions.length;
    let most = 0;
    for (let r = 0; r < rows; r++)
        for (let c = 0; c < columns; c++) most = Math.max(most, matrix.cell[r * width + c]!);
    const rest = (sum: number, r: number) => {
        for (let c = 0; c < columns; c++) sum -= matrix.cell[r * width + c]!;
        return sum;
    };
    const heat = (v: number) =>
        v > 0 ? { '--heat': `${Math.round(8 + 62 * Math.sqrt(v / most))}%` } : undefined;
    const save = () =>
        saveFile(
            'crossings.csv',
            toCsv([
                ['caller', ...matrix.functions],
                ...matrix.callers.map((c, r) => [
                    c,
                    ...Array.from(matrix.cell.subarray(r * width, (r + 1) * width)),
                ]),
            ]),
        );
    const more = matrix.callers.length > rows || matrix.functions.length > columns;
    return (
        <>
            <div class="matrix-box" tabIndex={0} role="region" aria-label="Matrix of callers and C functions">
                <table class="matrix">
                    <thead>
                        <tr>
                            <th scope="col">called by</th>
                            <th scope="col">sum</th>
                            {matrix.functions.slice(0, columns).map(f => (
                                <th key={f} scope="col" class="tilted" title={f}>
                                    <a href={link('flame', { metric: 'cpu', focus: f })}>{f}</a>
                                </th>
                            ))}
                            {matrix.functions.length > columns && <th scope="col">others</th>}
                        </tr>
                    </thead>
                    <tbody>
                        {matrix.callers.slice(0, rows).map((caller, r) => (
                            <tr key={caller}>
                                <th scope="row" title={caller}>
                                    {caller}
                                </th>
                                <td>
                                    <strong>{amount(matrix.rowSum[r]!, unit)}</strong>
                                </td>
                                {matrix.functions.slice(0, columns).map((f, c) => {
                                    const v = matrix.cell[r * width + c]!;
                                    return (
                                        <td
                                            key={f}
                                            class={v > 0 ? 'heat' : ''}
                                            style={heat(v)}
                                            title={`${caller} → ${f}: ${exact(v, unit)}, ${percent(v, matrix.total)}`}
                                        >
                                            {v > 0 ? amount(v, unit) : ''}
                                        </td>
                                    );
                                })}
                                {matrix.functions.length > columns && (
                                    <td>{amount(rest(matrix.rowSum[r]!, r), unit)}</td>
                                )}
                            </tr>
                        ))}
                    </tbody>
                </table>
            </div>
            <p class="row muted small">
                {more
                    ? `The heaviest ${rows} of ${plural(matrix.callers.length, 'module')} and ${columns} of ${plural(matrix.functions.length, 'function')}; all of them`
                    : `${plural(matrix.callers.length, 'module')} and ${plural(matrix.functions.length, 'function')},`}{' '}
                together {amount(matrix.total, unit)}.
                {more && (
                    <button type="button" onClick={() => set({ cells: shown * 2 }, true)}>
                        show more
                    </button>
                )}
                <button type="button" onClick={save} aria-label="Save the whole matrix as CSV">
                    CSV
                </button>
            </p>
        </>
    );
}
