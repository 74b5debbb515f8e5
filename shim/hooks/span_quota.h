/* span_quota: bounds the spans of one kind and name that are written, so that a program which loads
 * the same thing for ever does not fill its trace with it.
 *
 * Names that find no place in the table share one large quota.  Context: any; lock-free. */
#ifndef SHIM_HOOKS_SPAN_QUOTA_H
#define SHIM_HOOKS_SPAN_QUOTA_H

#include <stdint.h>

enum { SPAN_KEEP = 1000 };

/* 1: one of the first SPAN_KEEP of that kind (enum span_kind) and name (string id). */
int span_quota_take(unsigned kind, uint32_t name);

#endif
