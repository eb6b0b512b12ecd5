#ifndef CPROCESSOR_H
#define CPROCESSOR_H

#include <stdbool.h>

/// Whether this processor and its operating system run AVX2 and FMA instructions.
bool processor_has_avx2_fma(void);
/// Whether they run the AVX-512 subsets F, BW, CD, DQ and VL.
bool processor_has_avx512(void);
/// Whether they also run its dot products of bytes and of bfloat16 numbers, VNNI and BF16.
bool processor_has_avx512_dot_products(void);
/// A hint to the processor that this thread is spinning.
void processor_relax(void);

#endif
