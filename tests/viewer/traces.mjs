// Real traces: programs run under the shim, here and now; and the pages and reports that modprof makes of them.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { folder } from './browser.mjs';

const { MODPROF, SHIM } = process.env;
const clean = { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: 'C.UTF-8' };

function run(args, cwd, env = {}) {
    return execFileSync(args[0], args.slice(1), { cwd, env: { ...clean, ...env }, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
}

/** Runs ARGS under the shim; the path of the trace. */
export function record(name, args, env = {}, files = {}) {
    const dir = join(folder(), name);
    mkdirSync(dir, { recursive: true });
    for (const [file, text] of Object.entries(files)) {
        mkdirSync(join(dir, file, '..'), { recursive: true });
        writeFileSync(join(dir, file), text);
    }
    const trace = join(dir, `${name}.mprof`);
    run(args, dir, { LD_PRELOAD: SHIM, MODPROF_OUT: trace, ...env });
    if (!existsSync(trace)) throw new Error(`${args.join(' ')} left no trace`);
    return trace;
}

/** What a command says, in the folder of a trace. */
export const modprof = (args, trace) => run([MODPROF, ...args], join(trace, '..')).toString('utf8');

export function report(trace) {
    return JSON.parse(run([MODPROF, 'report', '--format', 'json', '--top', 'all', trace], join(trace, '..')));
}

/** The page of traces, as a URL. */
export function pageOf(traces, options = []) {
    const dir = join(traces[0], '..');
    const out = join(dir, `page-${traces.length}-${options.join('').replace(/\W+/g, '').slice(0, 40)}.html`);
    run([MODPROF, 'export', '--format', 'html', '-o', out, ...options, ...traces], dir);
    return pathToFileURL(out).href;
}

export const ldoc = () =>
    record('ldoc', ['lua5.4', '/usr/bin/ldoc', '-d', 'html', '/usr/share/lua/5.4/pl'], { MODPROF_CPU: '999' });

export const HOSTILE = '</script><img src=x onerror=window.hacked=1>';

/** A program that does known things: loads, calls, memory, coroutines, hostile names. */
export const PLANTED = {
    'main.lua': `
local N = tonumber(arg[1]) or 1
package.preload["${HOSTILE}"] = function() return {} end
package.preload["=cmd()"] = function() return {} end
require "${HOSTILE}"
require "=cmd()"
local top = require "lib.top"
pcall(require, "lib.missing")
for _ = 1, 10007 * N do math.abs(-1) end
local kept = {}
for i = 1, 500 do kept[i] = ("%d"):format(i):rep(50) end
local co = coroutine.wrap(function() while true do coroutine.yield(top.work(20000 * N)) end end)
for _ = 1, 200 do co() end
table.sort({3, 1, 2}, function(a, b) return a < b end)
`,
    'lib/top.lua': `
local deep = require "lib.deep"
local M = {}
function M.work(n) return deep.spin(n) end
return M
`,
    'lib/deep.lua': `
local M = {}
function M.spin(n)
    local s = 0
    for i = 1, n do s = s + i % 7 end
    return s
end
return M
`,
    '.modprof': `
budgets = {
  { metric = "crossings.down", func = "math.abs", limit = "10k", message = "too many <b>calls</b>" },
  { metric = "lua.peak", limit = "64 MiB" },
  { metric = "module.self", module = "lib.*", limit = "10 s" },
}
`,
};

export const planted = (name = 'planted', times = 1) =>
    record(name, ['lua5.4', 'main.lua', String(times)], { MODPROF_CPU: '999' }, PLANTED);

/** A program under the shim that runs on, and reads what the test says; the trace is there already. */
export function start(name, args) {
    const dir = join(folder(), name);
    mkdirSync(dir, { recursive: true });
    const trace = join(dir, `${name}.mprof`);
    const child = spawn(args[0], args.slice(1), { cwd: dir, env: { ...clean, LD_PRELOAD: SHIM, MODPROF_OUT: trace }, stdio: ['pipe', 'ignore', 'inherit'] });
    return { child, trace };
}

/** Runs FN with the address of `modprof view ARGS` (the last one is a trace), and stops the server. */
export async function served(args, fn) {
    const trace = args.at(-1);
    while (!existsSync(trace)) await new Promise(r => setTimeout(r, 20));
    const server = spawn(MODPROF, ['view', '--no-open', ...args], { cwd: join(trace, '..'), env: clean, stdio: ['ignore', 'pipe', 'inherit'] });
    try {
        const address = await new Promise((yes, no) => {
            let said = '';
            server.stdout.on('data', d => {
                said += d;
                const at = /http:\/\/\S+/.exec(said);
                if (at) yes(at[0]);
            });
            server.on('exit', code => no(new Error(`modprof view ended with ${code}: ${said}`)));
        });
        await fn(address);
    } finally {
        server.removeAllListeners('exit');
        server.kill('SIGINT');
    }
}
