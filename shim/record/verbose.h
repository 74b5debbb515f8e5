/* verbose: what MODPROF_VERBOSE=1 says on stderr; nothing otherwise.
 *
 * Context: any that may write to stderr.  No stdio: one write per line. */
#ifndef SHIM_RECORD_VERBOSE_H
#define SHIM_RECORD_VERBOSE_H

/* Writes "modprof: " and the N parts as one line, cut at 1,000 bytes. */
void verbose_line(const char *const *parts, unsigned n);
#define VERBOSE(...) \
    verbose_line((const char *const[]){__VA_ARGS__}, \
                 sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

#endif
