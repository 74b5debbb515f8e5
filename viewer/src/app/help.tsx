// The list of shortcuts.
import { useEffect, useRef } from 'preact/hooks';
import { shortcutsNow } from './keys';

export function HelpDialog({ onClose }: { onClose: () => void }) {
    const dialog = useRef<HTMLDialogElement>(null);
    useEffect(() => {
        dialog.current?.showModal();
    }, []);
    const rows = shortcutsNow().map(s => [s.keys, s.says] as const);
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
                <div>
                    <dt>
                        <kbd>Tab</kbd>
                    </dt>
                    <dd>next control, table or picture; arrow keys, Enter and Escape work within it</dd>
                </div>
            </dl>
            <button type="button" onClick={() => dialog.current?.close()}>
                close
            </button>
        </dialog>
    );
}
