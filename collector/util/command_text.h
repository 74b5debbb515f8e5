/* command_text: command lines as text: the history quotes words where a shell needs it, a trace knows no quotes. */
#ifndef COLLECTOR_UTIL_COMMAND_TEXT_H
#define COLLECTOR_UTIL_COMMAND_TEXT_H

/* 1 where A and B are the same words, whatever is quoted. */
int command_same(const char *a, const char *b);

/* 1 where the program and its first argument have the same names, in whatever folders, as run_group_like has
 * it. */
int command_alike(const char *a, const char *b);

#endif
