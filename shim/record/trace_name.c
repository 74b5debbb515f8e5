/* trace_name: see trace_name.h. */
#include "shim/record/trace_name.h"

#include <string.h>

#include "shim/record/phrase.h"

int trace_name_told(char *out, size_t cap, const char *told, uint64_t pid)
{
    struct phrase p = phrase_in(out, cap);
    for (const char *s = told; *s; s++) {
        if (s[0] == '%' && s[1] == 'p')
            phrase_add_number(&p, pid);
        else
            phrase_add_n(&p, s, 1);
        if (s[0] == '%' && (s[1] == 'p' || s[1] == '%'))
            s++;
    }
    return p.cut ? -1 : 0;
}

/* The program's name as it may stand in a file name for people: no control characters. */
static void add_program(struct phrase *p, const char *exe)
{
    enum { PROGRAM_MAX = 100 };
    const char *slash = strrchr(exe, '/');
    const char *name = slash ? slash + 1 : exe;
    for (size_t i = 0; name[i] && i < PROGRAM_MAX; i++)
        phrase_add_n(p, (unsigned char)name[i] < 0x20 || name[i] == 0x7f ? "_" : &name[i], 1);
    if (!name[0])
        phrase_add(p, "process");
}

int trace_name_default(char *out, size_t cap, const char *dir, const char *exe, uint64_t pid)
{
    struct phrase p = phrase_in(out, cap);
    phrase_add(&p, dir);
    phrase_add(&p, "/");
    add_program(&p, exe);
    phrase_add(&p, "-");
    phrase_add_number(&p, pid);
    phrase_add(&p, ".mprof");
    return p.cut ? -1 : 0;
}

int trace_name_suffixed(char *out, size_t cap, const char *name, const char *suffix)
{
    const char *slash = strrchr(name, '/'), *dot = strrchr(name, '.');
    size_t n = strlen(name);
    if (!dot || dot == name || (slash && dot <= slash + 1))
        dot = name + n;
    struct phrase p = phrase_in(out, cap);
    phrase_add_n(&p, name, (size_t)(dot - name));
    phrase_add(&p, suffix);
    phrase_add(&p, dot);
    return p.cut ? -1 : 0;
}

void trace_name_suffix(char *out, size_t cap, uint64_t pid, unsigned n)
{
    struct phrase p = phrase_in(out, cap);
    if (pid) {
        phrase_add(&p, "-");
        phrase_add_number(&p, pid);
    }
    if (!pid || n > 1) {
        phrase_add(&p, "-");
        phrase_add_number(&p, n);
    }
}
