/* export_page: `modprof export --format html` and `page-json`, which have options of their own. */
#ifndef COLLECTOR_CLI_EXPORT_PAGE_H
#define COLLECTOR_CLI_EXPORT_PAGE_H

/* 1 where the arguments of `modprof export` ask for one of these formats. */
int export_page_is_wanted(int argc, char **argv);
/* Returns an exit status. */
int export_page(int argc, char **argv);

#endif
