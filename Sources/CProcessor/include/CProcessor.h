#ifndef CPROCESSOR_H
#define CPROCESSOR_H

#include <stdbool.h>

/// Whether this processor and its operating system run AVX2 and FMA instructions.
bool processor_has_avx2_fma(void);
/// Whether they run the AVX-512 subsets F, BW, CD, DQ and VL.
bool processor_has_avx512(void);
/// Whether they also run its dot products of integers, VNNI.
bool processor_has_avx512_vnni(void);
/// Whether they run those dot products in registers of AVX2, AVX-VNNI, and AVX2 and FMA.
bool processor_has_avx2_vnni(void);
/// Whether they run AVX-512 with dot products of bytes and of bfloat16 numbers, VNNI and BF16.
bool processor_has_avx512_dot_products(void);
/// A hint to the processor that this thread is spinning.
void processor_relax(void);

#endif
