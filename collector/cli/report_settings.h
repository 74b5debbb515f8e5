/* report_settings: the command line of `modprof report`. */
#ifndef COLLECTOR_CLI_REPORT_SETTINGS_H
#define COLLECTOR_CLI_REPORT_SETTINGS_H

#include "collector/cli/options.h"
#include "collector/output/report_options.h"
#include "collector/util/terminal.h"

enum { REPORT_WIDTH_MIN = 40 };

struct report_settings {
    struct report_options options;
    unsigned special; /* sections that take the place of all others */
    int section_given;
    int json, top_given;
    unsigned long pid; /* only this process; 0: all */
    unsigned width;    /* 0: not given */
    struct option_symbols symbols;
    enum terminal_color color;
};

/* Reads the options; files follow from argv[optind] on.  Returns 0, or the exit status + 1 where the
 * command is over: help was shown, or an option was wrong (and was said to be). */
int report_settings_read(struct report_settings *s, int argc, char **argv);

#endif
