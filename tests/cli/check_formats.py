"""check_formats.py FORMAT FILE: reads what `modprof check --format FORMAT` wrote the way its consumers do; exit status 1 and
a sentence where they would refuse it."""
import json
import re
import sys
import xml.etree.ElementTree

import jsonschema
import junitparser
from prometheus_client.openmetrics.parser import text_string_to_metric_families

# As https://docs.gitlab.com/ci/testing/code_quality/ describes the report format.
GITLAB = {"type": "array", "items": {"type": "object",
    "required": ["description", "check_name", "fingerprint", "location", "severity"],
    "properties": {
        "description": {"type": "string", "minLength": 1}, "check_name": {"type": "string", "minLength": 1},
        "fingerprint": {"type": "string", "minLength": 1},
        "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "location": {"type": "object", "required": ["path", "lines"], "properties": {
            "path": {"type": "string", "pattern": r"^(?!\./|/)"},
            "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"type": "integer", "minimum": 1}}}}}}}}


def text_of(path):
    return open(path, encoding="utf-8", newline="").read()


def gitlab(path):
    found = json.loads(text_of(path))
    jsonschema.validate(found, GITLAB)
    assert len({x["fingerprint"] for x in found}) == len(found), "a fingerprint stands twice"
    return found


def junit(path):
    """Besides what junitparser reads: sums that agree, and cases with one outcome at most, as Jenkins' schema has it."""
    suites = list(junitparser.JUnitXml.fromfile(path))
    assert suites, "there is no suite"
    for suite in suites:
        kinds = [type(r).__name__ for c in suite for r in c.result]
        assert all(len(c.result) <= 1 and c.name and c.classname for c in suite), "a case has several outcomes, or no name"
        assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (
            len(list(suite)), kinds.count("Failure"), kinds.count("Error"), kinds.count("Skipped")), "sums do not agree"
    root = xml.etree.ElementTree.parse(path).getroot()
    assert root.tag == "testsuites" and {e.tag for e in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out"}, "elements that JUnit does not have"
    return suites


def openmetrics(path):
    families = {m.name: m for m in text_string_to_metric_families(text_of(path))}
    verdicts = {}
    for s in families["modprof_budget_verdict"].samples:
        verdicts.setdefault(s.labels["number"], []).append(s.value)
    assert all(sorted(v)[-2:] == [0, 1] for v in verdicts.values()), "a rule has not one verdict"
    return families


def github(path):
    lines = text_of(path).split("\n")
    assert lines.pop() == "", "the last line does not end"
    found = []
    for line in lines:
        m = re.fullmatch(r"::(error|warning|notice) file=([^,:]*),line=(\d+),title=([^,:]*)::([^\r]*)", line)
        assert m, "no annotation: " + line
        back = lambda s: s.replace("%3A", ":").replace("%2C", ",").replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
        found.append((m[1], back(m[2]), int(m[3]), back(m[4]), back(m[5])))
    return found


if __name__ == "__main__":
    try:
        globals()[sys.argv[1]](sys.argv[2])
    except (AssertionError, ValueError, KeyError, jsonschema.ValidationError, xml.etree.ElementTree.ParseError,
            junitparser.JUnitXmlError) as wrong:
        sys.exit("%s: %s" % (sys.argv[2], wrong))
