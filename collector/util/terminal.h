/* terminal: what is known of the place where the output goes. */
#ifndef COLLECTOR_UTIL_TERMINAL_H
#define COLLECTOR_UTIL_TERMINAL_H

enum terminal_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

/* Columns of the terminal at FD; without one what COLUMNS says; else 0: not limited. */
unsigned terminal_width(int fd);

/* 1 where colour may be used on FD: asked for, or a capable terminal and NO_COLOR is not set. */
int terminal_color(int fd, enum terminal_color wanted);

#endif
