#include "CProcessor.h"

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

bool processor_has_avx2_fma(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

bool processor_has_avx512(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

bool processor_has_avx512_vnni(void) { return processor_has_avx512() && __builtin_cpu_supports("avx512vnni"); }

bool processor_has_avx512_dot_products(void) {
  return processor_has_avx512_vnni() && __builtin_cpu_supports("avx512bf16");
}

bool processor_has_avx2_vnni(void) {
  // Not every library behind __builtin_cpu_supports knows this one. Its registers are those of AVX2.
  unsigned a, b, c, d;
  return processor_has_avx2_fma() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 4)) != 0;
}

void processor_relax(void) { _mm_pause(); }
#else
bool processor_has_avx2_fma(void) { return false; }
bool processor_has_avx512(void) { return false; }
bool processor_has_avx512_vnni(void) { return false; }
bool processor_has_avx512_dot_products(void) { return false; }
bool processor_has_avx2_vnni(void) { return false; }
void processor_relax(void) {
#if defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
#endif
