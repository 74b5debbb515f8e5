# own_folder: surroundings of a test's own, to be called first in `setup`: its folder is the working
# directory and the home, with TMPDIR in it; what a continuous integration or a person set is gone.
# shellcheck shell=bash
own_folder() {
    # shellcheck disable=SC2034  # for the file that loads this
    root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
    cd "$BATS_TEST_TMPDIR" || return 1
    export HOME=$PWD TMPDIR=$PWD/tmp LC_ALL=C.UTF-8 NO_COLOR=1 MODPROF_LIB=$SHIM GIT_CEILING_DIRECTORIES=$PWD/..
    unset COLUMNS LUA_PATH LUA_CPATH MODPROF_HISTORY
    unset GITHUB_STEP_SUMMARY GITHUB_WORKSPACE GITHUB_SHA CI_PROJECT_DIR CI_COMMIT_SHA
    mkdir tmp
}
