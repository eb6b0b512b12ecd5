#pragma once

// What Swift's vectors compile to a call for each lane. Static and always inlined: it is compiled with the flags of
// whoever includes it, and no copy for wide vectors can reach the rest of the program.

typedef float vector_16_floats __attribute__((ext_vector_type(16), aligned(4)));

/// Replaces sixteen floats by their square roots.
static inline __attribute__((always_inline)) void vector_square_roots(float *_Nonnull values) {
  vector_16_floats *vector = (vector_16_floats *)values;
  *vector = __builtin_elementwise_sqrt(*vector);
}

/// Asks for the cache line of `place`, which is read soon.
static inline __attribute__((always_inline)) void vector_prefetch(const float *_Nonnull place) {
  __builtin_prefetch(place);
}
