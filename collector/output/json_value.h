/* json_value: small helpers around jansson: texts of any bytes, large counters. */
#ifndef COLLECTOR_OUTPUT_JSON_VALUE_H
#define COLLECTOR_OUTPUT_JSON_VALUE_H

#include <jansson.h>
#include <stdint.h>

#include "collector/model/model.h"

/* Text of any bytes; what is not UTF-8 is replaced. */
json_t *json_bytes(const void *at, size_t n);
json_t *json_sid(const struct process *p, uint64_t sid); /* "" for 0 */
json_t *json_sid_or_null(const struct process *p, uint64_t sid);

/* Adds a member.  Integers beyond 2^63-1 are cut there. */
void json_put(json_t *object, const char *key, json_t *value);
void json_put_u64(json_t *object, const char *key, uint64_t v);
void json_put_s64(json_t *object, const char *key, int64_t v);
void json_put_real(json_t *object, const char *key, double v);
void json_put_bool(json_t *object, const char *key, int v);
void json_put_text(json_t *object, const char *key, const char *text);

#endif
