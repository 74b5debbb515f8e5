// Entry: takes the document, shows it; or says in a sentence why that does not work.
import { render } from 'preact';
import { ImportError, loadDocument } from '../import/carrier';
import { importPage } from '../import/page';
import { App } from './app';
import { ready } from './ready';
import './style.css';

async function start(root: HTMLElement): Promise<void> {
    try {
        const page = importPage(await loadDocument(document));
        root.textContent = '';
        render(<App page={page} />, root);
        ready('yes');
    } catch (e) {
        const sentence = e instanceof ImportError ? e.message : `This page does not work: ${String(e)}`;
        root.textContent = '';
        render(
            <main class="broken" role="alert">
                <h1>modprof</h1>
                <p>{sentence}</p>
            </main>,
            root,
        );
        ready('error');
        if (!(e instanceof ImportError)) console.error(e);
    }
}

const root = document.getElementById('app');
if (root) {
    root.textContent = 'Reading the data …';
    void start(root);
}
