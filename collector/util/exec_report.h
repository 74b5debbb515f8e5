/* exec_report: how the parent of a fork learns that exec failed, and why.
 *
 * Over a pipe with close-on-exec: exec closes it, a failure writes its errno first. */
#ifndef COLLECTOR_UTIL_EXEC_REPORT_H
#define COLLECTOR_UTIL_EXEC_REPORT_H

/* In the child, just after exec failed: tells errno to FD and ends the process. */
_Noreturn void exec_report_fail(int fd);

/* In the parent, whose own copy of the writing end is closed: the errno, or 0 where exec took place. */
int exec_report_read(int fd);

#endif
