// Debian's Firefox, told what to do in its own protocol (Marionette: texts of JSON with their length, over a socket of the loopback).
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { folder } from './browser.mjs';

const PREFERENCES = {
    'marionette.port': 0, // any that is free; it stands in the profile then
    'datareporting.policy.dataSubmissionEnabled': false,
    'toolkit.telemetry.enabled': false,
    'app.update.enabled': false,
    'browser.shell.checkDefaultBrowser': false,
    'network.captive-portal-service.enabled': false,
    'network.connectivity-service.enabled': false,
    'services.settings.server': 'data:,',
};

async function portOf(profile, child) {
    const file = join(profile, 'MarionetteActivePort');
    for (let i = 0; i < 600; i++) {
        if (child.exitCode !== null) throw new Error(`Firefox ended with ${child.exitCode}`);
        const port = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0;
        if (port > 0) return port;
        await pause(100);
    }
    throw new Error('Firefox opened no port within a minute');
}

/** What arrives, as messages: `length:json`. */
function reader(socket, take) {
    let rest = Buffer.alloc(0);
    socket.on('data', data => {
        rest = Buffer.concat([rest, data]);
        for (;;) {
            const colon = rest.indexOf(':');
            if (colon < 0) return;
            const end = colon + 1 + Number(rest.subarray(0, colon));
            if (rest.length < end) return;
            take(JSON.parse(rest.subarray(colon + 1, end).toString('utf8')));
            rest = rest.subarray(end);
        }
    });
}

/** Starts Firefox: { ask(command, parameters), evaluate(script, ...args), close() }. */
export async function firefox(program) {
    const profile = join(folder(), 'firefox');
    mkdirSync(profile, { recursive: true });
    const lines = Object.entries(PREFERENCES).map(([k, v]) => `user_pref(${JSON.stringify(k)}, ${JSON.stringify(v)});\n`);
    writeFileSync(join(profile, 'user.js'), lines.join(''));
    const child = spawn(program, ['--headless', '--no-remote', '--marionette', '--profile', profile, '--width', '1280', '--height', '1000'], {
        stdio: 'ignore',
        env: { ...process.env, HOME: folder() },
    });
    const ended = new Promise(r => child.on('exit', r));
    const socket = connect(await portOf(profile, child), '127.0.0.1');
    const waiting = new Map();
    let number = 0;
    reader(socket, message => {
        if (!Array.isArray(message)) return; // how it greets
        const [, id, error, value] = message;
        const [yes, no] = waiting.get(id);
        if (error) no(new Error(`${error.error}: ${error.message}`));
        else yes(value && 'value' in value ? value.value : value);
    });
    socket.on('close', () => waiting.forEach(([, no]) => no(new Error('Firefox went away'))));
    const ask = (command, parameters = {}) =>
        new Promise((yes, no) => {
            const text = JSON.stringify([0, ++number, command, parameters]);
            waiting.set(number, [yes, no]);
            socket.write(`${Buffer.byteLength(text)}:${text}`);
        });
    const evaluate = async (body, ...args) => {
        const script = `const done = arguments[arguments.length - 1];
            (async (...args) => { ${body} })(...arguments).then(value => done({ value }), e => done({ failed: String(e) }))`;
        const { value, failed } = await ask('WebDriver:ExecuteAsyncScript', { script, args });
        if (failed) throw new Error(failed);
        return value;
    };
    await ask('WebDriver:NewSession', { capabilities: {} });
    await ask('WebDriver:SetTimeouts', { script: 120_000, pageLoad: 120_000 });
    return {
        ask,
        evaluate,
        close: async () => {
            const quit = ask('Marionette:Quit', { flags: ['eForceQuit'] }).catch(() => {});
            await Promise.race([Promise.all([quit, ended]), pause(5000)]);
            socket.destroy();
            if (child.exitCode === null) child.kill('SIGKILL');
            await ended;
        },
    };
}
