// The list of shortcuts.
import { useLayoutEffect, useRef } from 'preact/hooks';
import { shortcutsNow } from './keys';

/** What those that have the focus do with keys themselves. */
const WITHIN = [
    ['Tab', 'next control, table or picture'],
    ['↑ ↓', 'in a table: next row, also Page Up, Page Down, Home, End; Enter opens it'],
    [
        '← ↑ ↓ →',
        'in a flame graph: next frame; Enter zooms in, Escape zooms out, s shows callers and callees',
    ],
    ['← →', 'in a strip of time: the stretch that is looked at, with Shift its end; Escape shows all'],
    ['Esc', 'in a field: empties it, then leaves it'],
] as const;

export function HelpDialog({ onClose }: { onClose: () => void }) {
    const dialog = useRef<HTMLDialogElement>(null);
    useLayoutEffect(() => {
        dialog.current?.showModal();
    }, []);
    const rows = [...shortcutsNow().map(s => [s.keys, s.says] as const), ...WITHIN];
    return (
        <dialog
            ref={dialog}
            class="help"
            aria-label="Keyboard shortcuts"
            onClose={onClose}
            onClick={e => e.target === dialog.current && dialog.current?.close()}
        >
            <h2>Keyboard</h2>
            <dl>
                {rows.map(([k, says]) => (
                    <div key={k + says}>
                        <dt>
                            <kbd>{k}</kbd>
                        </dt>
                        <dd>{says}</dd>
                    </div>
                ))}
            </dl>
            <button type="button" onClick={() => dialog.current?.close()}>
                close
            </button>
        </dialog>
    );
}
