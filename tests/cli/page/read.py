"""Reads the page's document by docs/PAGE.md, sharing no code with what wrote it.

read.py check FILE          all that must hold within a document; FILE is JSON or HTML
read.py report FILE         the report of the first trace, as JSON
read.py check-report FILE   the verdicts of the first trace, as JSON
read.py folded FILE METRIC BY     stacks of the first process, as `modprof export --format folded` writes them
read.py html FILE           elements of the page: external references are an error
read.py document FILE       the document as JSON
"""
import base64
import gzip
import html.parser
import json
import sys


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.elements, self.inside, self.data = [], None, {}

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self.inside = dict(attrs).get("id") or tag

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        self.data[self.inside] = self.data.get(self.inside, "") + data


def page(path):
    parser = Page()
    parser.feed(open(path, encoding="utf-8").read())
    parser.close()
    return parser


def document(path):
    if not path.endswith(".html"):
        return json.load(open(path, encoding="utf-8"))
    return json.loads(gzip.decompress(base64.b64decode(page(path).data["modprof-page"])).decode("utf-8"))


def undelta(column):
    out, last = [], 0
    for d in column:
        last += d
        out.append(last)
    return out


def equal_lengths(table, what):
    n = {len(v) for v in table.values() if isinstance(v, list)}
    assert len(n) <= 1, f"{what}: columns of {n} rows"
    return n.pop() if n else 0


def selfs(metric):
    return dict(zip(undelta(metric["node_d"]), metric["self"], strict=True))


def check_tree(process, tree):
    n = equal_lengths({k: tree[k] for k in ("up", "frame")}, tree["id"])
    frame_n = len(process["frames"]["line"])
    assert tree["up"][0] == 0 and n >= 1
    depth = [0] * n
    for i in range(1, n):
        assert 1 <= tree["up"][i] <= i and 0 <= tree["frame"][i] < frame_n, i
        depth[i] = depth[i - tree["up"][i]] + 1
        assert depth[i] <= depth[i - 1] + 1, "not in preorder"
    for metric in tree["metrics"]:
        nodes = undelta(metric["node_d"])
        assert len(nodes) == len(metric["self"]) and nodes == sorted(set(nodes))
        assert all(0 <= i < n for i in nodes) and all(v > 0 for v in metric["self"])


def check_samples(process, report):
    samples = process["samples"]
    assert (samples is None) == (not report.get("cpu", {}).get("samples"))
    if samples is None:
        return
    rows, code = samples["rows"], process["trees"][0]
    n = equal_lengths(rows, "rows")
    nodes = undelta(rows["node_d"])
    by_node = [{} for _ in code["metrics"]]
    for i in range(n):
        into = by_node[rows["metric"][i]]
        into[nodes[i]] = into.get(nodes[i], 0) + rows["weight"][i]
        assert rows["thread"][i] < len(samples["threads"]["tid"])
        assert rows["coroutine"][i] <= len(process["functions"]["kind"])
        assert rows["instance"][i] <= n
    for into, metric in zip(by_node, code["metrics"]):
        if into:
            assert into == selfs(metric), "rows and tree do not agree"
    what = dict.fromkeys(samples["what"], 0)
    for w, weight in zip(rows["what"], rows["weight"]):
        what[samples["what"][w]] += weight
    assert what == report["cpu"]["state_ns"], (what, report["cpu"]["state_ns"])
    assert sum(rows["n"]) == report["cpu"]["samples"]
    log = samples["log"]
    if log is None:
        assert process["pruned"]
        return
    assert len(log["row_d"]) == len(log["periods"]) == sum(log["count"])
    weight, at = [0] * n, 0
    for count in log["count"]:
        for row, periods in zip(undelta(log["row_d"][at:at + count]), log["periods"][at:at + count]):
            weight[row] += periods * samples["period_ns"][rows["metric"][row]]
        at += count
    assert weight == rows["weight"], "the log and the rows do not agree"
    assert len(log["count"]) * log["bucket_ns"] > report["duration_ns"] * 0.999


def check_functions(process, report):
    """Self times of functions and lines are those of the report."""
    if process["samples"] is None:
        return
    functions, frames, code = process["functions"], process["frames"], process["trees"][0]
    kinds = ["Lua", "C", "VM", "native", "note"]
    by_function, by_line = {}, {}
    for node, value in selfs(code["metrics"][0]).items():
        frame = code["frame"][node]
        f = frames["function"][frame]
        # What Lua's VM does for a Lua function is the function's own.
        above = code["frame"][node - code["up"][node]]
        if (functions["kind"][f], process["strings"][functions["label"][f]]) == (2, "[vm]") and \
                node != code["up"][node] and functions["kind"][frames["function"][above]] == 0:
            frame, f = above, frames["function"][above]
        key = kinds[functions["kind"][f]], process["strings"][functions["label"][f]]
        by_function[key] = by_function.get(key, 0) + value
        if frames["line"][frame] and key[0] == "Lua":
            file = process["strings"][functions["file"][f]], frames["line"][frame]
            by_line[file] = by_line.get(file, 0) + value
    assert by_function == {(r["kind"], r["label"]): r["self_ns"] for r in report["cpu"]["functions"]}
    lines = {}
    for r in report["cpu"]["lines"]:
        lines[r["file"], r["line"]] = lines.get((r["file"], r["line"]), 0) + r["self_ns"]
    for key, value in by_line.items():
        assert lines[key] == value, (key, value, lines[key])


def check_process(process, report):
    assert process["pid"] == report["pid"]
    assert process["strings"][0] == ""
    string_n = len(process["strings"])
    function_n = equal_lengths(process["functions"], "functions")
    for column in ("label", "module", "file"):
        assert all(i < string_n for i in process["functions"][column])
    equal_lengths(process["frames"], "frames")
    memory_n = equal_lengths({k: v for k, v in process["memory"].items() if k != "live_kinds"}, "memory")
    assert all(len(k["bytes_d"]) == memory_n for k in process["memory"]["live_kinds"])
    # No moment on the chart is above the peak that stands beside it.
    memory, end = process["memory"], report["ending"]["max_rss_bytes"]
    assert max(undelta(memory["c_d"]), default=0) <= report["allocations"]["c"]["peak_bytes"]
    assert end is None or max(undelta(memory["rss_d"]), default=0) <= end
    equal_lengths({k: v for k, v in process["collections"].items() if k != "kinds"}, "collections")
    assert all(i < function_n for i in process["frames"]["function"])
    for tree in process["trees"]:
        check_tree(process, tree)
    check_samples(process, report)
    check_functions(process, report)


def check(path):
    d = document(path)
    assert d["schema"] == "modprof-page" and d["version"] == 1
    for trace in d["traces"]:
        if "href" in trace:
            continue
        assert len(trace["processes"]) == len(trace["report"]["processes"])
        for process, report in zip(trace["processes"], trace["report"]["processes"]):
            check_process(process, report)


def folded(path, name, by):
    process = document(path)["traces"][0]["processes"][0]
    tree, metric = next((t, m) for t in process["trees"] for m in t["metrics"] if m["id"] == name)
    functions, frames = process["functions"], process["frames"]

    def label(frame):
        f = frames["function"][frame]
        text = process["strings"][functions["label"][f]].replace(";", ":")
        return f"{text}@{frames['line'][frame]}" if by == "line" else text

    sums = {}
    for node, value in selfs(metric).items():
        stack = []
        while node:
            stack.append(label(tree["frame"][node]))
            node -= tree["up"][node]
        key = ";".join(reversed(stack))
        sums[key] = sums.get(key, 0) + value
    for key in sorted(sums):
        print(key, sums[key])


def elements(path):
    p = page(path)
    for tag, attrs in p.elements:
        for name in ("src", "href", "action", "data", "srcset", "poster"):
            if name in attrs and not attrs[name].startswith(("data:", "#")):
                sys.exit(f"<{tag} {name}={attrs[name]}>")
    print(" ".join(sorted({tag for tag, _ in p.elements})))


def main():
    what, path, *rest = sys.argv[1:]
    if what == "check":
        check(path)
    elif what == "report":
        json.dump(document(path)["traces"][0]["report"], sys.stdout)
    elif what == "check-report":
        json.dump(document(path)["traces"][0]["check"], sys.stdout)
    elif what == "document":
        json.dump(document(path), sys.stdout)
    elif what == "folded":
        folded(path, *rest)
    else:
        elements(path)


main()
