/* version: of modprof as a whole. */
#ifndef WIRE_VERSION_H
#define WIRE_VERSION_H

#ifndef MODPROF_VERSION
#define MODPROF_VERSION "0.1.0"
#endif

#endif
