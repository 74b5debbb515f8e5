/* history_maker: adds one run with one value to a history: what `modprof view` shows of earlier runs. */
/* LINK: MODPROF_TOOL */
#include <stdio.h>
#include <stdlib.h>

#include "collector/history/store.h"

enum { REPETITIONS_MAX = 100 };

int main(int argc, char **argv)
{
    double at[REPETITIONS_MAX];
    size_t n = 0;
    struct err err = {""};
    if (argc < 8 || argc > 7 + REPETITIONS_MAX) {
        fputs("usage: history_maker FILE COMMAND METRIC PLACE UNIT AT_NS VALUE...\n", stderr);
        return 2;
    }
    for (int i = 7; i < argc; i++)
        at[n++] = strtod(argv[i], NULL);
    struct store_value v = {
        .metric = argv[3], .place = argv[4], .param = "", .unit = argv[5], .at = at, .n = n};
    struct store_run r = {.at_ns = strtoll(argv[6], NULL, 10),
                          .commit = "abc1234",
                          .machine = "test",
                          .command = argv[2]};
    struct store *s = store_open(argv[1], STORE_WRITE, &err);
    int bad = !s || store_add(s, &r, &v, 1, NULL, &err);
    if (bad)
        fprintf(stderr, "history_maker: %s\n", err.text);
    store_close(s);
    return bad;
}
