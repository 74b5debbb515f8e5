# examples/ci: the steps of both jobs, as they stand in the files, run in a checkout with modprof installed.
bats_require_minimum_version 1.5.0
load own_folder

setup() {
    own_folder || return 1
    mkdir checkout
    make -s -C "$root" BUILD="$BUILD" PREFIX="$PWD/usr" DEPS=skip install >make.log 2>&1 || { cat make.log; return 1; }
    export PATH=$PWD/usr/bin:$PATH
    cp -r "$root/examples" checkout/
    git -C checkout init -q
}

# One program of all steps of a job, less those that build and install modprof.  Steps of others (`uses`) are
# left out; conditions are those of the main branch, or of another.
steps() { # FILE BRANCH
    /usr/bin/python3 - "$@" <<'PY'
import sys, yaml
file, branch = sys.argv[1:]
job = yaml.safe_load(open(file))
if "jobs" in job:
    steps = job["jobs"]["budgets"]["steps"]
    known = {"actions/checkout", "actions/cache/restore", "actions/cache/save", "actions/upload-artifact"}
    for s in steps:
        assert ("run" in s) != ("uses" in s), s
        assert "run" in s or s["uses"].split("@")[0] in known, s
        cond = s.get("if", "always()")
        assert cond in ("always()", "github.ref == 'refs/heads/main'"), cond
        if "run" not in s or "apt-get" in s["run"] or (cond != "always()" and branch != "main"):
            continue
        print("(cd %s && bash -e <<'STEP'\n%s\nSTEP\n) || exit" % (s.get("working-directory", "."), s["run"]))
else:
    print("export CI_DEFAULT_BRANCH=main CI_COMMIT_BRANCH=%s" % branch)
    assert any("make install" in l for l in job["budgets"]["before_script"])
    print("set -e\n" + "\n".join(job["budgets"]["script"]))
PY
}

job() { # NAME BRANCH
    steps "$root/examples/ci/$1.yml" "$2" >"$1.$2.sh"
    (cd checkout && GITHUB_WORKSPACE=$PWD GITHUB_STEP_SUMMARY=$BATS_TEST_TMPDIR/summary.md bash "../$1.$2.sh")
}

passes_then_finds_a_regression() { # NAME
    run -0 job "$1" main
    [ -s checkout/baseline.json ]
    [ "$(jq -r '.rules[] | select(.regression) | .verdict' checkout/modprof/verdict.json | sort -u)" = "missing baseline" ]
    # The same again, now with a baseline: nothing that is counted has changed.
    run -0 job "$1" branch
    [ "$(jq -r '.rules[] | select(.metric == "lua.allocated") | .verdict' checkout/modprof/verdict.json)" = pass ]
    # A program that allocates a third more.
    sed -i 's/^return words$/for i = 1, 500 do words[i] = { tostring(i) } end\nreturn words/' checkout/examples/budget/words.lua
    run -3 job "$1" branch
    [ "$(jq -r '.rules[] | select(.metric == "lua.allocated") | .verdict' checkout/modprof/verdict.json)" = fail ]
}

@test "the steps for GitHub pass, keep a baseline, and find a regression" {
    passes_then_finds_a_regression github
    [[ $output == *"::error file=examples/budget/.modprof,line="*"lua.allocated"*"5%25"* ]]
    grep -q '^### modprof check: fail' summary.md
    for file in verdict.sarif junit.xml flame-load.svg traces; do [ -e checkout/modprof/$file ]; done
}

@test "the steps for GitLab pass, keep a baseline, and find a regression" {
    passes_then_finds_a_regression gitlab
    [[ $output == *fail*lua.allocated* ]]
    # What the job hands to GitLab is there.
    /usr/bin/python3 - "$root/examples/ci/gitlab.yml" >reports <<'PY'
import sys, yaml
job = yaml.safe_load(open(sys.argv[1]))["budgets"]
print("\n".join(job["artifacts"]["reports"].values()))
PY
    [ "$(wc -l <reports)" = 3 ]
    while read -r report; do [ -s "checkout/$report" ]; done <reports
    [ "$(jq -r '.[].location.path' checkout/modprof/gl-code-quality.json | sort -u)" = examples/budget/.modprof ]
}

@test "the example says what to do about a pattern that is slow" {
    cd checkout/examples/budget
    sed -i 's/limit = 10,/limit = 0,/' .modprof
    run -3 modprof check --lenient -- lua5.4 main.lua
    [[ $output == *"one pass over the text is enough"* ]]
}
