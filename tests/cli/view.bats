# `modprof view`: the page from a server on loopback, asked by curl.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
    unset BROWSER DISPLAY WAYLAND_DISPLAY http_proxy all_proxy
    [ -s "$BUILD/viewer/page.html" ] || skip "built without the viewer: $(cat "$BUILD/viewer/why")"
    LD_PRELOAD=$SHIM MODPROF_OUT=a.mprof lua5.4 -e 'for i = 1, 100 do string.format("%d", i) end'
}

teardown() {
    [ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
    [ -z "${host:-}" ] || kill -9 "$host" 2>/dev/null || true
}

# Starts a server and waits for the URL that it prints.
serve() {
    mkfifo url
    "$MODPROF" view --no-open "$@" >url 2>err 3>&- &
    server=$!
    read -r url <url
    [ -n "$url" ]
    origin=${url%/*/}
    rm url
}

code() { curl -s -o body -w '%{http_code}' "$@"; }

@test "it listens on loopback, at a URL that nobody can guess" {
    serve a.mprof
    [[ $url =~ ^http://127\.0\.0\.1:[0-9]+/[0-9a-f]{32}/$ ]]
    first=$url
    kill -INT "$server"
    wait "$server"
    serve a.mprof
    [ "$url" != "$first" ]
    # No socket of it on any other address.
    port=${origin##*:}
    hex=$(printf ':%04X' "$port")
    run awk -v p="$hex" '$4 == "0A" && index($2, p) { print substr($2, 1, 8) }' /proc/net/tcp
    [ "$output" = 0100007F ]
}

@test "page, list and traces are there, and the report in them is modprof report's" {
    cp a.mprof b.mprof
    serve a.mprof b.mprof
    [ "$(code "$url")" = 200 ]
    grep -q '<script type="application/json" id="modprof-page-url">{"url":"page.json"}</script>' body
    curl -s --compressed "${url}page.json" >page.json
    jq -e '.schema == "modprof-page" and .live and ([.traces[] | .name, .href] == ["a.mprof", "trace/0", "b.mprof", "trace/1"])' page.json
    /usr/bin/python3 -c 'import json, sys, jsonschema
jsonschema.validate(json.load(open("page.json")), json.load(open(sys.argv[1])))' "$root/docs/page.schema.json"
    curl -s --compressed "${url}trace/1" | jq -S ".report | del(.processes[].leaks)" >report
    "$MODPROF" report --format json b.mprof | jq -S . | diff - report
}

@test "without the token, or with a wrong one, there is nothing but 403" {
    serve a.mprof
    [ "$(code "$origin/")" = 403 ]
    [ "$(code "$origin/page.json")" = 403 ]
    [ "$(code "$origin/$(printf '0%.0s' {1..32})/trace/0")" = 403 ]
    wrong=${url%?/}0/
    [ "$wrong" != "$url" ] || wrong=${url%?/}1/
    [ "$(code "$wrong")" = 403 ]
    [ "$(code "${url%/}")" = 403 ]
    token=${url%/}
    run ! grep -q -F "${token##*/}" body
}

@test "another Host is refused, also with the token" {
    serve a.mprof
    [ "$(code -H 'Host: example.com' "$url")" = 403 ]
    [ "$(code -H "Host: 127.0.0.1" "$url")" = 403 ]
    [ "$(code -H "Host: evil.127.0.0.1:${origin##*:}" "$url")" = 403 ]
    [ "$(code -H "Host: localhost:${origin##*:}" "$url")" = 200 ]
    [ "$(code --http1.0 -H 'Host:' "$url")" = 403 ]
}

@test "nothing but GET and HEAD is answered" {
    serve a.mprof
    for method in POST PUT DELETE OPTIONS PATCH; do
        [ "$(code -X $method "$url")" = 405 ]
    done
    curl -s -D headers -o body -X POST -d x=1 "${url}trace/0"
    grep -q -i '^Allow: GET, HEAD' headers
    [ "$(curl -s -I -o headers -w '%{http_code} %{size_download}' "$url")" = "200 0" ]
}

@test "the policy lets only the page's own script run" {
    serve a.mprof
    curl -s -D headers -o body "$url"
    policy=$(sed -n 's/^Content-Security-Policy: //p' headers | tr -d '\r')
    /usr/bin/python3 - "$policy" <<'END'
import base64, hashlib, html.parser, sys
class P(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.here, self.scripts, self.handlers = None, [], []
    def handle_starttag(self, tag, attrs):
        a = dict(attrs)
        self.handlers += [k for k in a if k.startswith("on")]
        self.here = tag == "script" and a.get("type", "text/javascript") == "text/javascript" and "src" not in a
        if self.here:
            self.scripts.append("")
    def handle_endtag(self, tag):
        self.here = False
    def handle_data(self, data):
        if self.here:
            self.scripts[-1] += data
p = P()
p.feed(open("body", encoding="utf-8", newline="").read())
p.close()
rules = dict(r.strip().split(" ", 1) for r in sys.argv[1].split(";"))
assert rules["default-src"] == "'none'" and rules["frame-ancestors"] == "'none'", rules
assert rules["connect-src"] == "'self'" and rules["base-uri"] == "'none'"
hashes = ["'sha256-" + base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() + "'" for s in p.scripts]
assert len(hashes) == 1 and rules["script-src"] == hashes[0], (rules, hashes)
assert "unsafe" not in sys.argv[1]
assert not p.handlers
END
    grep -q -i '^X-Content-Type-Options: nosniff' headers
    grep -q -i '^Referrer-Policy: no-referrer' headers
}

@test "no path leads to a file" {
    serve a.mprof
    for path in ../../etc/passwd ..%2f..%2fetc/passwd trace/../../a.mprof a.mprof trace/9 trace/-1 trace/0x0 trace/ page.json/ '?x' //; do
        [ "$(code --path-as-is "$url$path")" = 404 ]
    done
    [ "$(code "$origin/$(printf 'a%.0s' {1..30000})")" = 400 ] || [ "$(code "$origin/$(printf 'a%.0s' {1..30000})")" = 413 ]
    [ "$(code "$url")" = 200 ]
}

@test "a trace that has grown is read again, one that has not is not sent again" {
    serve a.mprof
    tag() { curl -s -I "${url}trace/0" | sed -n 's/^ETag: //p' | tr -d '\r'; }
    before=$(tag)
    [ -n "$before" ]
    [ "$(code -H "If-None-Match: $before" "${url}trace/0")" = 304 ]
    LD_PRELOAD=$SHIM MODPROF_OUT=more.mprof lua5.4 -e 'return 1'
    cat more.mprof >>a.mprof
    [ "$(code -H "If-None-Match: $before" "${url}trace/0")" = 200 ]
    [ "$(tag)" != "$before" ]
    [ "$(curl -s --compressed "${url}trace/0" | jq '.report.processes | length')" = 2 ]
    rm a.mprof
    [ "$(code "${url}trace/0")" = 500 ]
    grep -q 'a.mprof: can not be opened' body
}

opens() { # FILE: by the viewer's own importer, where there is Node.js to run it
    ! command -v node >/dev/null || [ ! -e "$root/viewer/node_modules/esbuild" ] || node "$root/tests/viewer/open_page.mjs" "$1"
}

@test "a running program is followed to its end, also when that is SIGKILL" {
    echo 'io.open("ready", "w"):close() while true do local s = string.format("%d", 3) end' >endless.lua
    LD_PRELOAD=$SHIM MODPROF_OUT=live.mprof lua5.4 endless.lua 3>&- &
    host=$!
    for _ in $(seq 1200); do [ -e ready ] && [ -s live.mprof ] && break; sleep 0.05; done
    serve live.mprof
    curl -s --compressed -D headers -o live.json "${url}trace/0"
    jq -e '.report.processes[0] | .complete == false and (.incomplete | any(test("still running")))' live.json
    opens live.json
    kill -9 "$host"
    wait "$host" || true
    host=
    # Nothing was written since, and still it is not the same.
    curl -s --compressed -D headers -o dead.json -H "If-None-Match: $(sed -n 's/^ETag: //p' headers | tr -d '\r')" "${url}trace/0"
    head -n 1 headers | grep -q ' 200 '
    jq -e '.report.processes[0] | (.incomplete | any(test("still running")) | not) and (.ending.text | test("killed"))' dead.json
    opens dead.json
}

@test "a damaged trace is shown as far as it goes, and one that is damaged later says so" {
    head -c $(($(stat -c %s a.mprof) * 2 / 3)) a.mprof >cut.mprof
    cp a.mprof b.mprof
    serve cut.mprof b.mprof
    curl -s --compressed -o cut.json "${url}trace/0"
    jq -e '.report.processes[0].incomplete | length > 0' cut.json
    opens cut.json
    echo nonsense >b.mprof
    [ "$(code "${url}trace/1")" = 500 ]
    grep -q 'b.mprof: .*not a modprof trace' body
    [ "$(code "${url}trace/0")" = 200 ]
}

@test "it ends with SIGINT, with SIGTERM, and when it is idle" {
    serve a.mprof
    kill -INT "$server"
    wait "$server"
    serve a.mprof
    kill -TERM "$server"
    wait "$server"
    run -0 "$MODPROF" view --no-open --idle 100ms a.mprof
}

@test "while a trace is being read all else is answered, and SIGINT ends it at once" {
    mkfifo endless.mprof # whoever reads it waits for ever
    serve a.mprof endless.mprof
    curl -s "${url}trace/1" >body.1 3>&- &
    asked=$!
    [ "$(code "${url}page.json")" = 200 ]
    [ "$(code "${url}trace/0")" = 200 ]
    kill -INT "$server"
    wait "$server"
    run ! wait "$asked" # it got no answer
    [ ! -s body.1 ]
    # Also before there is anything to be served.
    "$MODPROF" view --no-open endless.mprof >out 2>err 3>&- &
    server=$!
    until pgrep -P "$server" >/dev/null; do :; done # the child that reads
    kill -INT "$server"
    wait "$server"
    [ ! -s out ]
}

@test "two traces are compared" {
    cp a.mprof b.mprof
    serve a.mprof b.mprof
    curl -s --compressed "${url}page.json" | jq -e '.compare == [0, 1]'
}

@test "the browser gets the URL, and none is started where there is none" {
    printf '#!/bin/sh\nprintf "%%s\\n" "$@" >opened.new\nmv opened.new opened\n' >browser
    chmod +x browser
    mkfifo url
    BROWSER="/no/such/browser:./browser --new %s" "$MODPROF" view a.mprof >url 2>err 3>&- &
    server=$!
    read -r url <url
    for _ in $(seq 1200); do [ -e opened ] && break; sleep 0.05; done
    diff opened - <<<"--new
$url"
    kill "$server"
    wait "$server"
    [ ! -s err ]
    "$MODPROF" view --idle 100ms a.mprof 2>said
    grep -q 'open that URL' said
}

@test "what is no trace is told at once" {
    run --separate-stderr -1 "$MODPROF" view --no-open missing.mprof
    [[ $stderr == *missing.mprof* && $output == "" ]]
    echo nonsense >bad.mprof
    run --separate-stderr -1 "$MODPROF" view --no-open bad.mprof
    [[ $stderr == *"not a modprof trace"* && $output == "" ]]
    run --separate-stderr -1 "$MODPROF" view --no-open - <a.mprof
    [[ $stderr == *"only once"* ]]
    run -2 "$MODPROF" view --port 70000 a.mprof
    run -2 "$MODPROF" view -o x a.mprof
}
