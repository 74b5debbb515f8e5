/* left: processes that a program left behind, wherever they went: they inherited its environment.
 *
 * Context: `modprof run`. */
#ifndef COLLECTOR_CLI_LEFT_H
#define COLLECTOR_CLI_LEFT_H

/* How many processes have SETTING ("NAME=value") in the environment they were started with; those
 * of other users are not seen, unless by root. */
unsigned left_n(const char *setting);

#endif
