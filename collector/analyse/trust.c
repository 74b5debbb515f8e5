/* trust: see trust.h. */
#include "collector/analyse/trust.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collector/util/human.h"
#include "collector/util/xalloc.h"

void sentences_release(struct sentences *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->at[i]);
    free(s->at);
    memset(s, 0, sizeof *s);
}

void sentences_add(struct sentences *s, char *sentence)
{
    s->at = xgrow(s->at, s->n, &s->cap, sizeof *s->at);
    s->at[s->n++] = sentence;
}

static void damage_add(struct sentences *s, const struct file_quality *q)
{
    size_t shown = q->damage_n < DAMAGE_MAX ? (size_t)q->damage_n : DAMAGE_MAX;
    for (size_t i = 0; i < shown; i++)
        sentences_add(s, xformat("the file is damaged from byte %" PRIu64 " to %" PRIu64
                                 ": what stood there is skipped",
                                 q->damage[i].from, q->damage[i].to));
    if (q->damage_n > shown)
        sentences_add(
            s, xformat("%" PRIu64 " more stretches of the file are damaged", q->damage_n - shown));
}

static void file_add(struct sentences *s, const struct file_quality *q)
{
    damage_add(s, q);
    if (q->truncated)
        sentences_add(s, xformat("the file is cut off: it ends at byte %" PRIu64
                                 ", within the frame that begins at byte %" PRIu64,
                                 q->bytes, q->truncated_at));
    if (q->newer_n)
        sentences_add(s, xformat("%" PRIu64 " %s skipped: of format version %u, and this modprof "
                                 "reads up to version %d",
                                 q->newer_n, q->newer_n == 1 ? "frame is" : "frames are",
                                 q->newer_version, 1));
    if (q->recover_error)
        sentences_add(s, xformat("the trace could not be completed from shared memory: %s",
                                 q->recover_error));
}

static void end_add(struct sentences *s, const struct process *p)
{
    if (p->end_seen)
        return;
    if (p->running)
        sentences_add(
            s, xformat("process %u was still running when this was read: the figures are those of "
                       "the last time it wrote",
                       p->pid));
    else
        sentences_add(s, xformat("process %u has no end record: what happened after %s is missing",
                                 p->pid, p->last_ns ? "its last write" : "its start"));
}

void trust_incomplete(struct sentences *s, const struct model *m, struct process *p)
{
    file_add(s, &m->quality);
    if (!p)
        return;
    end_add(s, p);
    if (p->gaps.missing_n)
        sentences_add(s, xformat("%" PRIu64 " of %u %s of process %u %s missing", p->gaps.missing_n,
                                 p->gaps.next_seq, p->gaps.next_seq == 1 ? "frame" : "frames",
                                 p->pid, p->gaps.missing_n == 1 ? "is" : "are"));
    if (!p->about_seen)
        sentences_add(s, xformat("the record that says what process %u was is lost", p->pid));
    if (p->damaged_records_n)
        sentences_add(s, xformat("%" PRIu64 " %s no sense and %s skipped (process %u)",
                                 p->damaged_records_n,
                                 p->damaged_records_n == 1 ? "record makes" : "records make",
                                 p->damaged_records_n == 1 ? "was" : "were", p->pid));
}

static const char *layout_note(const struct rec_copy *c)
{
    return c->layout == 1   ? "structure offsets verified"
           : c->layout == 0 ? "through the public API only: structure offsets not verified"
                            : "no state was made";
}

static void copy_add(struct sentences *s, struct process *p, const struct rec_copy *c)
{
    char when[HUMAN_MAX];
    const char *version = process_display(p, c->version);
    const char *path = process_object_path(p, c->object);
    const char *reason = process_display(p, c->reason);
    char *late = c->late ? xformat(", found after %s",
                                   human_ns(when, (double)process_since_start(p, c->attached_ns)))
                         : xstrdup("");
    sentences_add(s, xformat("%s in %s (%s%s)%s%s%s", *version ? version : "Lua",
                             *path ? path : "?", layout_note(c), late,
                             c->status == COPY_UNLOADED ? ", unloaded later" : "",
                             c->status == COPY_PARTLY ? ", PARTLY: " : "",
                             c->status == COPY_PARTLY ? reason : ""));
    free(late);
}

void trust_covered(struct sentences *s, struct process *p)
{
    for (size_t i = 0; i < p->copies.n; i++) {
        const struct rec_copy *c = rowset_at(&p->copies, i);
        if (c->status != COPY_NOT)
            copy_add(s, p, c);
    }
}

void trust_uncovered(struct sentences *s, struct process *p)
{
    for (size_t i = 0; i < p->copies.n; i++) {
        const struct rec_copy *c = rowset_at(&p->copies, i);
        if (c->status != COPY_NOT)
            continue;
        const char *version = process_display(p, c->version),
                   *reason = process_display(p, c->reason);
        const char *path = process_object_path(p, c->object);
        sentences_add(s, xformat("%s in %s: %s", *version ? version : "Lua", *path ? path : "?",
                                 *reason ? reason : "no reason was recorded"));
    }
    for (size_t i = 0; i < p->uncovered.n; i++) {
        const struct rec_uncovered *u = rowset_at(&p->uncovered, i);
        const char *reason = process_display(p, u->reason);
        sentences_add(s, xformat("%s: %s", process_display(p, u->what),
                                 *reason ? reason : "no reason was recorded"));
    }
    if (!p->copies.n && !p->uncovered.n && p->about_seen)
        sentences_add(s, xstrdup("Lua: no copy of it was found in this process"));
}

int trust_c_memory(struct process *p)
{
    for (size_t i = 0; i < p->uncovered.n; i++) {
        const struct rec_uncovered *u = rowset_at(&p->uncovered, i);
        if (strcmp(process_display(p, u->what), "malloc") == 0)
            return 0;
    }
    return 1;
}

/* What each loss means for the figures: the count with ONE or MANY, and the REST. */
static const struct loss_words {
    const char *one, *many, *rest;
} loss_words[LOSS_N] = {
    [0] = {"loss", "losses", "of a kind that this modprof does not know"},
    [LOSS_RING_FULL] = {"event was", "events were",
                        "dropped because the event buffer was full: module rows may be missing or "
                        "look unfinished"},
    [LOSS_FUNCTIONS_FULL] = {"C function was", "C functions were",
                             "not counted because the table of functions was full: crossings are "
                             "too low"},
    [LOSS_STRINGS_FULL] = {"name was", "names were", "lost because the table of names was full"},
    [LOSS_STATES_FULL] = {"Lua state was", "Lua states were",
                          "not counted because the table of states was full: Lua memory is too "
                          "low"},
    [LOSS_THREADS_FULL] = {"thread shares", "threads share",
                           "one set of counters with others because there were more threads than "
                           "slots: their counts may be too low"},
    [LOSS_OBJECTS_FULL] = {"loaded object has", "loaded objects have",
                           "no row of their own because the table was full"},
    [LOSS_CHUNKS_FULL] = {"load of a chunk has", "loads of chunks have",
                          "no row of their own because the table of chunks was full: see \"(other "
                          "chunks)\""},
    [LOSS_HITS_FULL] = {"cached require call was", "cached require calls were",
                        "not counted by name because the table was full"},
    [LOSS_SINK] = {"frame", "frames", "could not be written where the trace went"},
    [LOSS_MEMORY] = {"time", "times",
                     "there was no shared memory for counters: counts may be too low"},
    [LOSS_TRIES] = {"file", "files", "tried while modules were searched: not kept"},
    [LOSS_SPANS] = {"module load has", "module loads have",
                    "no row: too many of one name, or nested too deeply"},
    [LOSS_NODES_FULL] =
        {"frame of a stack", "frames of stacks",
         "found no room in the table: callers stand for what is lost, or, of allocations, "
         "the line alone"},
    [LOSS_SITES_FULL] =
        {"allocation is", "allocations are",
         "counted for their line alone, or without one, because the table of allocation "
         "sites was full"},
    [LOSS_TRACK_FULL] = {"block", "blocks",
                         "could not be followed to the release because the table was full: live "
                         "bytes by place may be too low"},
    [LOSS_MARKS] = {"mark was", "marks were", "not kept because there were too many"},
    [LOSS_TEXTS_FULL] = {"compiled text is", "compiled texts are",
                         "not remembered because the table was full: repeated compilation may be "
                         "more than is shown"},
    [LOSS_STATES_BACK] = {"Lua state was", "Lua states were",
                          "gone, and then there again because the host put back memory: what was "
                          "asked for since is not counted"},
    [LOSS_STATES_REWOUND] = {"Lua state", "Lua states",
                             "had memory put back as it was some time before: what seems to be "
                             "held is not right"},
};

void trust_losses(struct sentences *s, const struct process *p)
{
    char n[HUMAN_NOUN_MAX];
    for (unsigned i = 0; i < LOSS_N; i++) {
        const struct loss_words *w = &loss_words[i];
        if (!p->losses[i] || i == LOSS_UNSEEN_RETURN)
            continue;
        if (w->rest)
            sentences_add(s,
                          xformat("%s %s", human_nouns(n, p->losses[i], w->one, w->many), w->rest));
        else
            sentences_add(
                s, xformat("%s of kind %u", human_nouns(n, p->losses[i], "loss", "losses"), i));
    }
}
