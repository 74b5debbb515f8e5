/* machine: what makes two measurements comparable: processor, cores, kernel and C library.
 *
 * "AMD EPYC 7B13, 2 cores, Linux 6.1, glibc 2.36": the model, the processors that this process may use, the
 * first two numbers of the kernel. Measurements are of the same machine where these texts are equal. */
#ifndef COLLECTOR_HISTORY_MACHINE_H
#define COLLECTOR_HISTORY_MACHINE_H

enum { MACHINE_MAX = 256 };

/* Writes it to OUT[MACHINE_MAX] and returns OUT. */
char *machine_describe(char *out);

#endif
