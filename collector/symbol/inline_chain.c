/* inline_chain: see inline_chain.h.  libdw reads the DWARF; nothing is asked for over a network here. */
#include "collector/symbol/inline_chain.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/xalloc.h"

struct inline_chain {
    Dwarf *dwarf;
    Dwarf_Die *unit; /* all units, where the file has no table of their addresses */
    size_t unit_n, unit_cap;
    int units_read;
};

struct inline_chain *inline_chain_open(const struct elf_symbols *e)
{
    Dwarf *dwarf = dwarf_begin_elf(elf_symbols_elf(e), DWARF_C_READ, NULL);
    if (!dwarf)
        return NULL;
    struct inline_chain *c = xcalloc(1, sizeof *c);
    c->dwarf = dwarf;
    return c;
}

void inline_chain_close(struct inline_chain *c)
{
    if (!c)
        return;
    dwarf_end(c->dwarf);
    free(c->unit);
    free(c);
}

static void units_read(struct inline_chain *c)
{
    Dwarf_Off at = 0, next;
    size_t header_n;
    while (dwarf_nextcu(c->dwarf, at, &next, &header_n, NULL, NULL, NULL) == 0) {
        c->unit = xgrow(c->unit, c->unit_n, &c->unit_cap, sizeof *c->unit);
        c->unit_n += dwarf_offdie(c->dwarf, at + header_n, &c->unit[c->unit_n]) != NULL;
        at = next;
    }
    c->units_read = 1;
}

/* Some compilers write no .debug_aranges. */
static int unit_find(struct inline_chain *c, uint64_t address, Dwarf_Die *unit)
{
    if (dwarf_addrdie(c->dwarf, address, unit))
        return 1;
    if (!c->units_read)
        units_read(c);
    for (size_t i = 0; i < c->unit_n; i++) {
        if (dwarf_haspc(&c->unit[i], address) <= 0)
            continue;
        *unit = c->unit[i];
        return 1;
    }
    return 0;
}

static void line_find(Dwarf_Die *unit, uint64_t address, struct inline_frame *f)
{
    Dwarf_Line *line = dwarf_getsrc_die(unit, address);
    f->file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
    if (!f->file || dwarf_lineno(line, &f->line))
        f->line = 0;
}

/* Where the inlined function DIE was called: the line of the function around it. */
static void call_find(Dwarf_Die *unit, Dwarf_Die *die, struct inline_frame *f)
{
    Dwarf_Attribute attribute;
    Dwarf_Word file, line;
    Dwarf_Files *files;
    size_t n;
    memset(f, 0, sizeof *f);
    if (dwarf_formudata(dwarf_attr(die, DW_AT_call_line, &attribute), &line) == 0)
        f->line = (int)line;
    if (dwarf_formudata(dwarf_attr(die, DW_AT_call_file, &attribute), &file) == 0 &&
        dwarf_getsrcfiles(unit, &files, &n) == 0 && file < n)
        f->file = dwarf_filesrc(files, file, NULL, NULL);
}

/* From the innermost scope outwards. */
static size_t scopes_walk(Dwarf_Die *unit, Dwarf_Die *scope, int scope_n, struct inline_frame *out,
                          size_t max)
{
    size_t n = 0;
    struct inline_frame next = out[0]; /* has the line already */
    for (int i = 0; i < scope_n && n < max; i++) {
        int tag = dwarf_tag(&scope[i]);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
            continue;
        out[n] = next;
        out[n].file = out[n].file ? out[n].file : "";
        out[n++].function = dwarf_diename(&scope[i]);
        if (tag == DW_TAG_subprogram)
            return n;
        call_find(unit, &scope[i], &next);
    }
    return 0; /* no function around it, or too many */
}

size_t inline_chain_at(struct inline_chain *c, uint64_t address, struct inline_frame *out,
                       size_t max)
{
    Dwarf_Die unit, *scope = NULL, *chain = NULL;
    if (!max || !unit_find(c, address, &unit))
        return 0;
    line_find(&unit, address, &out[0]);
    /* Scopes of an inlined function are those of its text; of the innermost one the chain of calls. */
    int scope_n = dwarf_getscopes(&unit, address, &scope);
    int chain_n = scope_n > 0 ? dwarf_getscopes_die(&scope[0], &chain) : 0;
    size_t n = chain_n > 0 ? scopes_walk(&unit, chain, chain_n, out, max) : 0;
    free(scope);
    free(chain);
    return n;
}
