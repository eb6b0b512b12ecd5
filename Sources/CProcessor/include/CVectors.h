#pragma once

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_FEATURE_MATMUL_INT8)
#include <arm_neon.h>
#endif

// What Swift's vectors compile to a call for each lane, or have no word for. Static and always inlined: it is compiled
// with the flags of whoever includes it, and no copy for wide vectors can reach the rest of the program.

typedef float vector_16_floats __attribute__((ext_vector_type(16), aligned(4)));
typedef int vector_16_integers __attribute__((ext_vector_type(16), aligned(4)));

/// Replaces sixteen floats by their square roots.
static inline __attribute__((always_inline)) void vector_square_roots(float *_Nonnull values) {
  vector_16_floats *vector = (vector_16_floats *)values;
  *vector = __builtin_elementwise_sqrt(*vector);
}

/// No instruction, `values` as they are: they are computed when it is reached, and nothing is loaded before that comes after it.
/// Compilers gather the loads of several steps in front of their multiply-adds, which pushes sums out of the registers.
static inline __attribute__((always_inline)) vector_16_floats vector_computed(vector_16_floats values) {
#if defined(__AVX512F__)
  __asm__ volatile("" : "+v"(values) : : "memory");
#elif defined(__AVX__)
  union { vector_16_floats whole; __m256 parts[2]; } v = {values};
  __asm__ volatile("" : "+x"(v.parts[0]), "+x"(v.parts[1]) : : "memory");
  return v.whole;
#endif
  return values;
}

/// Asks for the cache line of `place`, which is read soon.
static inline __attribute__((always_inline)) void vector_prefetch(const float *_Nonnull place) {
  __builtin_prefetch(place);
}

/// Asks for the cache line of `place`, which is read later: to the second-level cache.
static inline __attribute__((always_inline)) void vector_prefetch_outer(const float *_Nonnull place) {
  __builtin_prefetch(place, 0, 2);
}

/// Asks for the cache line of `place`, which is written soon.
static inline __attribute__((always_inline)) void vector_prefetch_to_write(const float *_Nonnull place) {
  __builtin_prefetch(place, 1);
}

/// Integers as floats, to the nearest.
static inline __attribute__((always_inline)) vector_16_floats vector_floats(vector_16_integers integers) {
  return __builtin_convertvector(integers, vector_16_floats);
}

/// Stores the lowest bytes of sixteen integers.
static inline __attribute__((always_inline)) void vector_store_bytes(
    vector_16_integers integers, void *_Nonnull place) {
  typedef unsigned char vector_16_bytes __attribute__((ext_vector_type(16), aligned(1)));
  *(vector_16_bytes *)place = __builtin_convertvector(integers, vector_16_bytes);
}

/// Stores the lower halves of sixteen integers.
static inline __attribute__((always_inline)) void vector_store_halves(
    vector_16_integers integers, void *_Nonnull place) {
  typedef unsigned short vector_16_halves __attribute__((ext_vector_type(16), aligned(2)));
  *(vector_16_halves *)place = __builtin_convertvector(integers, vector_16_halves);
}

typedef unsigned vector_16_words __attribute__((ext_vector_type(16), aligned(4)));

/// Replaces sixteen floats by the nearest bfloat16 numbers, in the lower halves; what lies between two becomes the even one, and
/// what is no number stays none. By a pointer, since passing wide vectors from C to C has a warning.
static inline __attribute__((always_inline)) void vector_round_to_bfloats(vector_16_words *_Nonnull values) {
  vector_16_floats floats = (vector_16_floats)*values;
  vector_16_words strange = (vector_16_words)(floats != floats);
  vector_16_words nearest = (*values + 0x7FFF + ((*values >> 16) & 1)) >> 16;
  *values = (nearest & ~strange) | (((*values >> 16) | 0x40) & strange);
}

/// Sixteen floats as bfloat16 in the lower halves.
static inline __attribute__((always_inline)) vector_16_integers vector_bfloats(vector_16_floats values) {
  vector_16_words words = (vector_16_words)values;
  vector_round_to_bfloats(&words);
  return (vector_16_integers)words;
}

/// `first` and `second` as bfloat16, those of `first` in the lower halves.
static inline __attribute__((always_inline)) vector_16_integers vector_bfloat_pairs(
    vector_16_floats first, vector_16_floats second) {
#if defined(__AVX512BF16__)
  // The instruction puts the two one behind the other.
  typedef short vector_32_shorts __attribute__((ext_vector_type(32)));
  const vector_32_shorts places = {
      0, 16, 1, 17, 2,  18, 3,  19, 4,  20, 5,  21, 6,  22, 7,  23,
      8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31};
  return (vector_16_integers)_mm512_permutexvar_epi16(
      (__m512i)places, (__m512i)_mm512_cvtne2ps_pbh((__m512)second, (__m512)first));
#else
  vector_16_words lower = (vector_16_words)first, upper = (vector_16_words)second;
  vector_round_to_bfloats(&lower);
  vector_round_to_bfloats(&upper);
  return (vector_16_integers)(lower | (upper << 16));
#endif
}

/// In each lane `sum + Σ bytes[i] · weights[i]` over its four bytes, exactly: `bytes` from 0 to 255, `weights` from -128 to 127.
static inline __attribute__((always_inline)) vector_16_integers vector_add_byte_dots(
    vector_16_integers sum, vector_16_integers bytes, vector_16_integers weights) {
#if defined(__AVX512VNNI__)
  return (vector_16_integers)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)bytes, (__m512i)weights);
#elif defined(__AVXVNNI__)
  union { vector_16_integers whole; __m256i parts[2]; } s = {sum}, x = {bytes}, w = {weights};
  for (int i = 0; i < 2; i++) s.parts[i] = _mm256_dpbusd_avx_epi32(s.parts[i], x.parts[i], w.parts[i]);
  return s.whole;
#elif defined(__x86_64__)
  // Even and odd bytes are multiplied as numbers of 16 bits: the instruction for pairs of bytes (`pmaddubsw`) would cut off
  // sums beyond 16 bits.
  union { vector_16_integers whole; __m128i parts[4]; } s = {sum}, x = {bytes}, w = {weights};
  for (int i = 0; i < 4; i++) {
    __m128i even = _mm_madd_epi16(
        _mm_and_si128(x.parts[i], _mm_set1_epi16(255)), _mm_srai_epi16(_mm_slli_epi16(w.parts[i], 8), 8));
    __m128i odd = _mm_madd_epi16(_mm_srli_epi16(x.parts[i], 8), _mm_srai_epi16(w.parts[i], 8));
    s.parts[i] = _mm_add_epi32(_mm_add_epi32(s.parts[i], even), odd);
  }
  return s.whole;
#elif defined(__ARM_FEATURE_MATMUL_INT8)
  union { vector_16_integers whole; int32x4_t parts[4]; } s = {sum}, x = {bytes}, w = {weights};
  for (int i = 0; i < 4; i++) {
    s.parts[i] = vusdotq_s32(
        s.parts[i], vreinterpretq_u8_s32(x.parts[i]), vreinterpretq_s8_s32(w.parts[i]));
  }
  return s.whole;
#else
  for (int shift = 0; shift < 32; shift += 8) {
    sum += ((bytes >> shift) & 255) * ((weights << (24 - shift)) >> 24);
  }
  return sum;
#endif
}

/// In each lane `sum + Σ pair[i] · weights[i]` over two integers of 16 bits, `pair` being the same in all lanes.
static inline __attribute__((always_inline)) vector_16_integers vector_add_pair_dots(
    vector_16_integers sum, int pair, vector_16_integers weights) {
#if defined(__AVX512VNNI__)
  return (vector_16_integers)_mm512_dpwssd_epi32((__m512i)sum, _mm512_set1_epi32(pair), (__m512i)weights);
#elif defined(__AVX512BW__)
  return (vector_16_integers)_mm512_add_epi32(
      (__m512i)sum, _mm512_madd_epi16(_mm512_set1_epi32(pair), (__m512i)weights));
#elif defined(__AVX2__)
  union { vector_16_integers whole; __m256i parts[2]; } s = {sum}, w = {weights};
  for (int i = 0; i < 2; i++) {
#if defined(__AVXVNNI__)
    s.parts[i] = _mm256_dpwssd_avx_epi32(s.parts[i], _mm256_set1_epi32(pair), w.parts[i]);
#else
    s.parts[i] = _mm256_add_epi32(s.parts[i], _mm256_madd_epi16(_mm256_set1_epi32(pair), w.parts[i]));
#endif
  }
  return s.whole;
#elif defined(__x86_64__)
  union { vector_16_integers whole; __m128i parts[4]; } s = {sum}, w = {weights};
  for (int i = 0; i < 4; i++) {
    s.parts[i] = _mm_add_epi32(s.parts[i], _mm_madd_epi16(_mm_set1_epi32(pair), w.parts[i]));
  }
  return s.whole;
#else
  return sum + (short)pair * ((weights << 16) >> 16) + (pair >> 16) * (weights >> 16);
#endif
}

/// Sixteen pairs of integers of eight bits as pairs of sixteen bits.
static inline __attribute__((always_inline)) vector_16_integers vector_wide_pairs(const void *_Nonnull place) {
  typedef signed char vector_32_bytes __attribute__((ext_vector_type(32), aligned(1)));
  typedef short vector_32_shorts __attribute__((ext_vector_type(32)));
  return (vector_16_integers)__builtin_convertvector(*(const vector_32_bytes *)place, vector_32_shorts);
}

/// The greater of `greatest` and the bits of each float but its sign, as integers, which have the order of the floats; what is not
/// finite is beyond all others.
static inline __attribute__((always_inline)) vector_16_integers vector_greatest_bits(
    vector_16_integers greatest, vector_16_floats values) {
  return __builtin_elementwise_max(greatest, (vector_16_integers)values & 0x7FFFFFFF);
}

/// The greatest of sixteen integers.
static inline __attribute__((always_inline)) int vector_greatest(vector_16_integers values) {
  return __builtin_reduce_max(values);
}

/// In each lane `sum + Σ values[i] · weights[i]` over its two bfloat16 numbers; the first of a pair is the lower half.
static inline __attribute__((always_inline)) vector_16_floats vector_add_bfloat_dots(
    vector_16_floats sum, vector_16_integers values, vector_16_integers weights) {
#if defined(__AVX512BF16__)
  return (vector_16_floats)_mm512_dpbf16_ps((__m512)sum, (__m512bh)values, (__m512bh)weights);
#else
  // The upper half of a float is what bfloat16 keeps of it.
  const vector_16_integers upper = (int)0xFFFF0000;
  vector_16_floats first = (vector_16_floats)(values << 16), firstWeights = (vector_16_floats)(weights << 16);
  vector_16_floats second = (vector_16_floats)(values & upper), secondWeights = (vector_16_floats)(weights & upper);
#if defined(__FMA__) || defined(__aarch64__)
  sum = __builtin_elementwise_fma(first, firstWeights, sum);
  return __builtin_elementwise_fma(second, secondWeights, sum);
#else
  sum += first * firstWeights;
  return sum + second * secondWeights;
#endif
#endif
}
