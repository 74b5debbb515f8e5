/* page_settings: the options that `modprof view` and `modprof export --format html` share. */
#ifndef COLLECTOR_CLI_PAGE_SETTINGS_H
#define COLLECTOR_CLI_PAGE_SETTINGS_H

#include "collector/output/page_json.h"

enum page_format { PAGE_HTML, PAGE_JSON };

struct page_settings {
    const char *command; /* "export", "view" */
    struct page_options options;
    const char *title;  /* NULL: from the traces */
    const char *config; /* a .modprof; NULL: the one that is found; "": none */
    const char
        *verdicts;    /* what `modprof check --format json` wrote, instead of judging; or NULL */
    const char *diff; /* a trace to compare with, or NULL */
    const char *relative_to; /* a folder that traces are named from; or NULL */
    unsigned long pid;       /* 0: all */
    /* export */
    int format;      /* enum page_format */
    const char *out; /* NULL: standard output */
    /* view */
    int no_open;          /* 1: no browser is started */
    unsigned long port;   /* 0: any */
    unsigned long idle_s; /* ends after so many seconds without a request; 0: never */
};

#define PAGE_BUDGETS_HELP \
    "      --config FILE     the budgets to hold the traces against (default: the .modprof here " \
    "or\n" \
    "                        above)\n" \
    "      --no-config       no budgets\n" \
    "      --verdicts FILE   show the verdicts in FILE, which `modprof check --format json -o " \
    "FILE`\n" \
    "                        wrote, instead of judging each trace\n"

/* Reads the options of S's command; files follow from argv[optind] on.  Returns 0, or the exit status
 * + 1 where the command is over. */
int page_settings_read(struct page_settings *s, int argc, char **argv, const char *help);

#endif
