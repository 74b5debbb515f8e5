/* view_browser: opens a URL in the user's browser. */
#ifndef COLLECTOR_CLI_VIEW_BROWSER_H
#define COLLECTOR_CLI_VIEW_BROWSER_H

/* $BROWSER (a list of commands with colons between; %s stands for the URL), or xdg-open where there is a
 * display.  The browser gets none of our descriptors and outlives us.  Returns 0, or -1 where none could be
 * started, or none is to be expected here. */
int view_browser_open(const char *url);

#endif
