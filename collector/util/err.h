/* err: a sentence for the user: what was wrong, where, and what to do. */
#ifndef COLLECTOR_UTIL_ERR_H
#define COLLECTOR_UTIL_ERR_H

enum { ERR_TEXT_MAX = 1024 };

struct err {
    char text[ERR_TEXT_MAX]; /* "" : no error */
};

/* Sets E (which may be NULL) and returns -1, so that callers can `return err_set(...)`. */
int err_set(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Exit statuses of every command. */
enum { EXIT_FINE = 0, EXIT_ERROR = 1, EXIT_USAGE = 2, EXIT_OVER = 3, EXIT_NO_VERDICT = 4 };

#endif
