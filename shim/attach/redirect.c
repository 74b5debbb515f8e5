/* redirect: see redirect.h. */
#include "shim/attach/redirect.h"

#include <string.h>

#include "shim/attach/moved.h"
#include "shim/attach/near.h"
#include "shim/attach/patch.h"

_Static_assert((int)JUMP_BYTES == (int)ENTRY_JUMP_BYTES, "one jump");

static const char no_memory[] = "no memory near it could be had";
static const char not_allowed[] = "the system does not allow program code to be changed";

/* ---- planning ---- */

static void refuse_all(struct redirect *r, size_t n, const char *reason)
{
    for (size_t i = 0; i < n; i++)
        if (r[i].reason == NULL)
            r[i].reason = reason;
}

static int page_ready(const struct image *im, size_t n, struct redirect_page *page)
{
    size_t bytes = (n * sizeof(struct moved_slot) + 4095) & ~(size_t)4095;
    if (page->at != NULL && page->n >= bytes && near_reaches(page->at, page->n, im->lo, im->hi) &&
        near_unseal(page->at, page->n) == 0)
        return 0;
    if (page->at != NULL) {
        moved_remove(page->at);
        near_unmap(page->at, page->n);
    }
    page->at = near_map(im->lo, im->hi, bytes);
    page->n = bytes;
    return page->at != NULL ? 0 : -1;
}

static int shares_entry(const struct redirect *r, size_t n, size_t i)
{
    for (size_t k = 0; k < n; k++)
        if (k != i && r[k].entry.address == r[i].entry.address)
            return 1;
    return 0;
}

static void plan_one(const struct image *im, struct redirect *r, struct moved_slot *slot)
{
    struct entry_plan plan;
    const ElfW(Phdr) *text = image_text(im, r->entry.address);
    if (text == NULL) {
        r->reason = entry_verdict_text(ENTRY_NOT_CODE);
        return;
    }
    struct entry_site site = {
        .bytes = (const uint8_t *)(uintptr_t)r->entry.address,
        .bytes_n = im->bias + text->p_vaddr + text->p_filesz - r->entry.address,
        .address = r->entry.address,
        .size = r->entry.size,
    };
    enum entry_verdict v = entry_plan(&site, (uint64_t)(uintptr_t)slot->code, &plan);
    if (v != ENTRY_OK) {
        r->reason = entry_verdict_text(v);
        return;
    }
    detour_write(slot->detour, r->copy, r->hook);
    memcpy(slot->code, plan.code, plan.code_n);
    slot->entry = site.address;
    slot->keep_n = plan.keep_n;
    slot->step_n = plan.step_n;
    memcpy(slot->step, plan.step, sizeof slot->step);
    r->keep_n = plan.keep_n;
    r->original = slot->code;
    memcpy(r->saved, (const void *)(uintptr_t)(r->entry.address + plan.keep_n), sizeof r->saved);
}

void redirect_plan(const struct image *im, struct redirect *r, size_t n, struct redirect_page *page)
{
    for (size_t i = 0; i < n; i++) {
        r[i].original = (const void *)(uintptr_t)r[i].entry.address;
        if (r[i].entry.address == 0)
            r[i].reason = entry_verdict_text(r[i].entry.size == 0 ? ENTRY_ABSENT : ENTRY_TWICE);
        else if (shares_entry(r, n, i))
            r[i].reason = entry_verdict_text(ENTRY_SHARED);
    }
    if (page_ready(im, n, page) != 0) {
        refuse_all(r, n, no_memory);
        return;
    }
    memset(page->at, 0xcc, page->n);
    for (size_t i = 0; i < n; i++)
        if (r[i].reason == NULL)
            plan_one(im, &r[i], (struct moved_slot *)page->at + i);
    if (near_seal(page->at, page->n) != 0) {
        refuse_all(r, n, not_allowed);
        for (size_t i = 0; i < n; i++)
            r[i].original = (const void *)(uintptr_t)r[i].entry.address;
        return;
    }
    moved_add(page->at, n);
}

/* ---- installing ---- */

static int group_is_sound(const struct redirect *r, size_t n, const char *group)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(r[i].group, group) == 0 && r[i].reason != NULL)
            return 0;
    return 1;
}

static uint64_t jump_at(const struct redirect *r)
{
    return r->entry.address + r->keep_n;
}

static int write_jump(struct patch *t, struct redirect *r)
{
    uint8_t jump[JUMP_BYTES];
    const uint8_t *detour = (const uint8_t *)r->original - DETOUR_BYTES;
    if (detour_jump(jump, jump_at(r), (uint64_t)(uintptr_t)detour) != 0)
        return -1;
    return patch_write(t, jump_at(r), jump, sizeof jump);
}

/* Some entry of the group could not be written: the others go back to what they were. */
static void undo_group(struct patch *t, struct redirect *r, size_t n, const char *group)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(r[i].group, group) != 0)
            continue;
        if (r[i].done && patch_write(t, jump_at(&r[i]), r[i].saved, sizeof r[i].saved) != 0)
            continue; /* can not be undone: the hook stays, which works */
        r[i].done = 0;
        r[i].reason = not_allowed;
    }
}

static void install_group(struct patch *t, struct redirect *r, size_t n, const char *group)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(r[i].group, group) != 0 || r[i].done)
            continue;
        if (write_jump(t, &r[i]) != 0) {
            undo_group(t, r, n, group);
            return;
        }
        r[i].done = 1;
    }
}

/* The stretch of code that holds all entries to be written; 0: nothing to write. */
static int entries_span(const struct redirect *r, size_t n, uint64_t *lo, uint64_t *hi)
{
    *lo = UINT64_MAX;
    *hi = 0;
    for (size_t i = 0; i < n; i++) {
        if (!group_is_sound(r, n, r[i].group))
            continue;
        if (jump_at(&r[i]) < *lo)
            *lo = jump_at(&r[i]);
        if (jump_at(&r[i]) + JUMP_BYTES > *hi)
            *hi = jump_at(&r[i]) + JUMP_BYTES;
    }
    return *hi != 0;
}

void redirect_install(const struct image *im, struct redirect *r, size_t n)
{
    struct patch t = {0};
    uint64_t lo, hi;
    if (!entries_span(r, n, &lo, &hi))
        return;
    const ElfW(Phdr) *segment = image_text(im, lo);
    if (segment == NULL || image_text(im, hi - 1) != segment) {
        refuse_all(r, n, "its functions lie in several segments");
        return;
    }
    if (patch_open(&t, lo, hi, image_protection(segment)) != 0) {
        refuse_all(r, n, not_allowed);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (!r[i].done && group_is_sound(r, n, r[i].group))
            install_group(&t, r, n, r[i].group);
    patch_close(&t);
}
