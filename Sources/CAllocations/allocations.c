#include "CAllocations.h"

#include <stdlib.h>

#if defined(__GLIBC__)
#include <stdatomic.h>

// An executable's own definitions go before the library's, which keeps these names for the purpose.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static atomic_long count;

void *malloc(size_t size) {
  atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
  return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  atomic_fetch_add_explicit(&count, 1, memory_order_relaxed);
  return __libc_realloc(old, size);
}

long allocations_so_far(void) { return atomic_load_explicit(&count, memory_order_relaxed); }
#else
long allocations_so_far(void) { return -1; }
#endif
