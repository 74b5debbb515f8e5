// Entry: takes the document, shows it; or says in a sentence why that does not work.
import { render } from 'preact';
import { findPacked, ImportError } from '../import/carrier';
import { App } from './app';
import { Frame } from './frame';
import { openPage } from './off_thread';
import { prepareCanvases } from './prepare';
import { ready } from './ready';
import { parseRoute } from './route';
import { showRemembered } from './theme';
import './style.css';

async function start(root: HTMLElement): Promise<void> {
    try {
        const page = await openPage(await findPacked(document));
        render(<App page={page} />, root);
        ready('yes');
    } catch (e) {
        const sentence = e instanceof ImportError ? e.message : `This page does not work: ${String(e)}`;
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

// This script stands before the data: the frame is painted while they arrive.
const root = document.getElementById('app');
if (root) {
    root.textContent = '';
    showRemembered();
    render(
        <Frame route={parseRoute(location.hash)}>
            <p class="muted" role="status">
                Reading the data …
            </p>
        </Frame>,
        root,
    );
    requestAnimationFrame(() => setTimeout(prepareCanvases)); // after the first frame
    if (document.readyState === 'loading')
        document.addEventListener('DOMContentLoaded', () => void start(root));
    else void start(root);
}
