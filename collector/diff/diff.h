/* diff: two sets of runs, A and B, compared: what got slower, faster, new or gone, with the error of each difference.
 *
 * A side is one or more runs; a run is one trace with the processes that were chosen in it.  Values are
 * per run (means over the runs of a side).  A section is one thing that is compared: the sampled time by
 * function, the loads of modules by self time, and so on; a row is one place in it.
 *
 * Noise is not news.  What a row's verdict is decided by (diff_judge.c):
 *   sampled  the counts of samples, by an exact conditional test of two Poisson rates (binomial), against
 *            the hypothesis that the rates differ by no more than the margin; where samples stand for different times
 *            they count as fewer (stack_spread_of);
 *   scatter  where a side has several runs: also Student's t test with the pooled scatter of both sides;
 *            the less convincing of the two counts;
 *   many     the probabilities of a section are corrected for their number (Benjamini-Hochberg), and
 *            held against the level: the share of false news among all news;
 *   else     one run a side, nothing sampled: times must have doubled or halved, by at least 1 ms (0.1 ms where
 *            one side has none of it), also without what the longer side's process waited for a processor, and
 *            estimates by more than three standard errors; exact counts and bytes must differ by 1 %, bytes by
 *            256 at least, unless one side has none;
 *   unseen   never news: what the side with less may have had without its being seen. */
#ifndef COLLECTOR_DIFF_DIFF_H
#define COLLECTOR_DIFF_DIFF_H

#include "collector/analyse/digest.h"
#include "collector/analyse/stack_metric.h"
#include "collector/budget/quantity.h"

enum diff_side_name { SIDE_A, SIDE_B, SIDE_N };

struct diff_run {
    const char *path;
    struct digest **digest; /* not owned */
    size_t n;
};

struct diff_side {
    struct diff_run *run;
    size_t n, cap;
};

enum diff_nature {
    DIFF_SAMPLED, /* estimated from samples */
    DIFF_TIMED,   /* measured exactly, but differs from run to run */
    DIFF_COUNTED  /* counts and bytes */
};

enum diff_verdict {
    DIFF_SAME,
    DIFF_MORE,
    DIFF_LESS,
    DIFF_NEW,
    DIFF_GONE,
    DIFF_UNKNOWN, /* nothing on a side whose figures may lack something */
    DIFF_VERDICT_N
};

/* One side of a row. */
struct diff_value {
    double sum, squares;             /* over the runs: values */
    double share_sum, share_squares; /* values as shares of their run's whole */
    double variance;                 /* over the runs: of estimates */
    uint64_t samples;                /* DIFF_SAMPLED: over the runs */
    double mean, share;              /* per run; after diff_judge */
};

struct diff_row {
    const char *label, *kind, *place; /* kind, place: "" none; texts of the first that had them */
    uint64_t line;
    uint64_t defined, last; /* of Lua functions; 0 */
    int is_place;           /* 1: the label is a place only */
    int is_paired;          /* 1: the sides were put together by the lines of the function */
    struct diff_value side[SIDE_N];
    double change, error; /* of the means, B - A; error: standard error, < 0 not known */
    double p;             /* corrected; < 0: not tested */
    enum diff_verdict verdict;
};

struct diff_section {
    const char *name, *title; /* "cpu", "CPU time"; texts of the metrics' tables */
    enum quantity quantity;
    enum diff_nature nature;
    struct diff_row *row; /* after diff_judge: news first, largest change first */
    size_t n, cap;
    struct rowset by_text; /* uint32_t row + 1 */
    double whole[SIDE_N];  /* per run */
    uint64_t samples[SIDE_N];
    double period_ns[SIDE_N]; /* mean; DIFF_SAMPLED */
    double spread[SIDE_N];    /* stack_spread_of the samples, the run with most */
    double interval_bytes; /* mean distance of samples of allocation, the longest; 0: not sampled */
    /* What others may have taken of the processor in the midst of it, the run with most; < 0: not known. */
    double queued_ns[SIDE_N];
    double unseen[SIDE_N]; /* a run's true value is larger by at most this */
    size_t run_n[SIDE_N];
    size_t tested_n, verdict_n[DIFF_VERDICT_N];
    /* Where times are compared: rows that would be news, were shares compared, and how much of the whole they are (the larger side). */
    size_t share_news_n;
    double share_news;
    const char *doubt;    /* why values may be too low, or NULL */
    int doubtful[SIDE_N]; /* 1: those of this side */
};

/* 1: nothing was counted on SIDE, where figures may lack something: a zero that nobody counted is none. */
static inline int diff_is_untold(const struct diff_section *s, const struct diff_row *r, int side)
{
    return s->doubtful[side] && r->side[side].sum == 0;
}

struct diff_options {
    struct stack_choice choice;
    struct stack_shape shape;
    int metric;    /* enum stack_metric_id of what is sampled; -1: whatever both sides have */
    int total;     /* 1: functions with what they call; 0: by themselves */
    int shares;    /* 1: shares of the whole are compared; 0: the values themselves */
    double margin; /* 0.1: differences up to 10 % are no news; < 0: by the number of runs */
    double level;  /* 0.01 */
};

struct diff {
    struct diff_section *section;
    size_t n, cap;
    const char *clock_doubt; /* why nothing sampled is compared, or NULL */
};

void diff_build(struct diff *d, const struct diff_side side[SIDE_N], const struct diff_options *o,
                struct symbols *symbols);
void diff_release(struct diff *d);

/* 1 where times differ mostly as the whole does: a machine of another pace, or more work of the same kind. */
int diff_is_of_pace(const struct diff_section *s, const struct diff_options *o);

double diff_margin(const struct diff_section *s, const struct diff_options *o);
const char *diff_verdict_name(enum diff_verdict v, enum quantity q); /* "slower", "more", "new" */

/* ---- between the files of diff ---- */

struct diff_section *diff_section_new(struct diff *d, const struct diff_section *like,
                                      const struct diff_side side[SIDE_N]);
void diff_section_release(struct diff_section *s);

/* The row of this kind and label. */
struct diff_row *diff_row(struct diff_section *s, const struct diff_row *like);

/* Fills means, errors, probabilities and verdicts, and sorts. */
void diff_judge(struct diff_section *s, const struct diff_options *o);

/* Puts functions together whose name is known on one side only, or on none (diff_pairs.c). */
void diff_pairs(struct diff_section *s);

void diff_samples(struct diff *d, const struct diff_side side[SIDE_N], const struct diff_options *o,
                  struct symbols *symbols);
void diff_metrics(struct diff *d, const struct diff_side side[SIDE_N],
                  const struct diff_options *o);

#endif
