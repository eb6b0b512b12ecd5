#include "CLastResort.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// A sanitizer brings its own allocator, which must see every call.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

#if defined(__GLIBC__) && !defined(HAS_SANITIZER)

static char beginning[256] = "translate-cli";
static char advice[512] = "give the program more memory";

void last_resort_say(const char *new_beginning, const char *new_advice) {
  strncpy(beginning, new_beginning, sizeof beginning - 1);
  strncpy(advice, new_advice, sizeof advice - 1);
}

struct line {
  char text[1024];
  size_t count;
};

static void append(struct line *line, const char *text) {
  while (*text != '\0' && line->count < sizeof line->text) line->text[line->count++] = *text++;
}

static void append_number(struct line *line, size_t number) {
  char digits[21];
  size_t place = sizeof digits - 1;
  digits[place] = '\0';
  do {
    digits[--place] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  append(line, digits + place);
}

/// Says the sentence and ends the program: without memory, without locks, and without handlers that might need either.
static _Noreturn void give_up(size_t bytes) {
  int descriptor = STDERR_FILENO;
  struct line line = {.count = 0};
  // A progress line may stand there.
  if (isatty(descriptor)) append(&line, "\n");
  append(&line, beginning);
  append(&line, ": there is no memory for another ");
  append_number(&line, bytes < 10000000 ? bytes : (bytes + 500000) / 1000000);
  append(&line, bytes < 10000000 ? " bytes; " : " MB; ");
  append(&line, advice);
  append(&line, "\n");
  for (size_t done = 0; done < line.count;) {
    ssize_t sent = write(descriptor, line.text + done, line.count - done);
    if (sent < 0 && errno != EINTR) break;
    if (sent > 0) done += (size_t)sent;
  }
  _exit(1);
}

// An executable's own definitions go before the library's, which keeps these names for the purpose.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
  void *memory = __libc_malloc(size);
  if (__builtin_expect(memory == NULL, 0)) give_up(size);
  return memory;
}

void *calloc(size_t number, size_t size) {
  void *memory = __libc_calloc(number, size);
  if (__builtin_expect(memory == NULL, 0)) give_up(size > 0 && number > SIZE_MAX / size ? SIZE_MAX : number * size);
  return memory;
}

void *realloc(void *old, size_t size) {
  void *memory = __libc_realloc(old, size);
  // The size 0 gives back what is there, and nothing new.
  if (__builtin_expect(memory == NULL && size > 0, 0)) give_up(size);
  return memory;
}

void *aligned_alloc(size_t alignment, size_t size) {
  void *memory = __libc_memalign(alignment, size);
  if (__builtin_expect(memory == NULL, 0)) give_up(size);
  return memory;
}

int posix_memalign(void **memory, size_t alignment, size_t size) {
  if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
  *memory = __libc_memalign(alignment, size);
  if (__builtin_expect(*memory == NULL, 0)) give_up(size);
  return 0;
}

#else
void last_resort_say(const char *beginning, const char *advice) {}
#endif

/// OpenBLAS asks this, a function of its own, how many threads it should start while the program loads. It needs none
/// beside those that call it; each of its own takes 128 MB, and where there are none, asks for them for ever.
int openblas_num_threads_env(void);
int openblas_num_threads_env(void) { return 1; }
