/* test_format_page: docs/FORMAT.md names every record and every field of wire/records.def. */

#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *page;

static int page_read(void **state)
{
    FILE *f = fopen("docs/FORMAT.md", "r"); /* run at the top */
    size_t cap = 0;
    (void)state;
    return f && getdelim(&page, &cap, 0, f) > 0 && fclose(f) == 0 ? 0 : -1;
}

static int page_free(void **state)
{
    (void)state;
    free(page);
    return 0;
}

/* The section whose heading has "NUMBER `NAME`", up to the next heading; released with free(). */
static char *section_of(int number, const char *name)
{
    char title[80];
    snprintf(title, sizeof title, "%d `%s`", number, name);
    for (char *at = page; (at = strstr(at, "\n### ")); at++) {
        size_t line = strcspn(at + 1, "\n");
        char *heading = strstr(at, title), *next = strstr(at + 1, "\n##");
        if (heading && heading < at + 1 + line)
            return strndup(at, next ? (size_t)(next - at) : strlen(at));
    }
    fail_msg("docs/FORMAT.md has no section %s", title);
    return NULL;
}

static int has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = text; (at = strstr(at, word)); at++) {
        int before = at > text && (isalnum((unsigned char)at[-1]) || at[-1] == '_');
        if (!before && !isalnum((unsigned char)at[n]) && at[n] != '_')
            return 1;
    }
    return 0;
}

static void check_field(const char *section, const char *record, const char *field)
{
    if (!has_word(section, field))
        fail_msg("docs/FORMAT.md: the section of %s does not name its field %s", record, field);
}

static void every_field_is_described(void **state)
{
    (void)state;
#define RECORD(number, name) \
    { \
        const char *record = #name; \
        char *section = section_of(number, record);
#define U64(field) check_field(section, record, #field);
#define S64(field) check_field(section, record, #field);
#define SID(field) check_field(section, record, #field);
#define BYTES(field) check_field(section, record, #field);
#define U64S(field, max) check_field(section, record, #field);
#define END_RECORD(name) \
    free(section); \
    }
#include "wire/records.def"
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_is_described),
    };
    return cmocka_run_group_tests(tests, page_read, page_free);
}
