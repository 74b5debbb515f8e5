/* alloc_words: is a value of --alloc one that the shim knows (MODPROF_ALLOC)? */
#ifndef COLLECTOR_CLI_ALLOC_WORDS_H
#define COLLECTOR_CLI_ALLOC_WORDS_H

/* 1 where each of the words, joined by commas, is one. */
int alloc_words_known(const char *value);

#endif
