// A register of floats and what the kernels do with it, for the instruction set being compiled for.
//
// Vector types (GCC and Clang) instead of loops for the vectoriser: a neuron's state then stays in
// registers over all time steps, and no aliasing question can make the code scalar. Intrinsics
// stand where the generic form costs several instructions.
//
// No header with plain inline functions may be included by a kernel: a copy compiled for AVX-512
// could be the one the linker keeps for every other caller. Intrinsics are always inlined.
#pragma once

#include <stdint.h>

#if defined(__AVX512F__) || defined(__AVX2__)
#include <immintrin.h>
#elif defined(__aarch64__) && SPIKEFUSE_LANES == 4
#include <arm_neon.h>
#define SPIKEFUSE_NEON
#endif

namespace {

constexpr int LANES = SPIKEFUSE_LANES;

typedef float Vector __attribute__((vector_size(LANES * 4)));
typedef uint32_t Bits __attribute__((vector_size(LANES * 4)));
typedef uint16_t Half __attribute__((vector_size(LANES * 2)));

struct BFloat16 {
  uint16_t bits;
};

inline Vector all(float value) { return value - Vector{}; }
inline Vector magnitude(Vector x) { return (Vector)((Bits)x & 0x7fffffffu); }

inline Half load_half(const BFloat16* from) {
  Half half;
  __builtin_memcpy(&half, from, sizeof half);
  return half;
}

inline void store_half(BFloat16* to, Half half) { __builtin_memcpy(to, &half, sizeof half); }

inline Vector load(const float* from) {
  Vector value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

inline void store(float* to, Vector value) { __builtin_memcpy(to, &value, sizeof value); }

// bf16 to nearest, ties to even. A NaN is kept: rounding could carry it over into infinity.
inline Bits round_to_half(Vector value) {
  const Bits bits = (Bits)value;
  const Bits rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  const Bits nan = (Bits)(value != value);
  return (rounded & ~nan) | (nan & 0x7fc0u);
}

#if defined(__AVX512F__)

typedef __mmask16 Mask;  // one bit a lane
static_assert(LANES == 16, "AVX-512 has sixteen lanes");

inline Mask greater(Vector a, Vector b) { return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ); }
inline Mask inverse(Mask mask) { return _knot_mask16(mask); }
inline Mask both(Mask a, Mask b) { return _kand_mask16(a, b); }
inline Mask either(Mask a, Mask b) { return _kor_mask16(a, b); }
inline Vector keep(Mask mask, Vector value) { return _mm512_maskz_mov_ps(mask, value); }
inline Vector choose(Mask mask, Vector a, Vector b) { return _mm512_mask_mov_ps(b, mask, a); }
inline Vector subtract_where(Mask mask, Vector a, Vector b) {
  return _mm512_mask_sub_ps(a, mask, a, b);
}
inline Vector multiply_add(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
inline Vector subtract_product(Vector c, Vector a, Vector b) { return _mm512_fnmadd_ps(a, b, c); }
inline Bits widen(Half half) { return (Bits)_mm512_cvtepu16_epi32((__m256i)half); }
inline Half narrow(Bits bits) { return (Half)_mm512_cvtepi32_epi16((__m512i)bits); }
inline void store_spikes(float* to, Mask fired) { store(to, keep(fired, all(1.0f))); }
inline void store_spikes(BFloat16* to, Mask fired) {
  store_half(to, (Half)_mm256_maskz_set1_epi16(fired, 0x3f80));
}

#else

typedef int32_t Mask __attribute__((vector_size(LANES * 4)));  // all bits of a lane, or none

inline Mask greater(Vector a, Vector b) { return a > b; }
inline Mask inverse(Mask mask) { return ~mask; }
inline Mask both(Mask a, Mask b) { return a & b; }
inline Mask either(Mask a, Mask b) { return a | b; }
inline Vector keep(Mask mask, Vector value) { return (Vector)(mask & (Mask)value); }
inline Vector choose(Mask mask, Vector a, Vector b) {
  return (Vector)((mask & (Mask)a) | (~mask & (Mask)b));
}
inline Vector subtract_where(Mask mask, Vector a, Vector b) { return a - keep(mask, b); }

#if defined(__AVX2__)
static_assert(LANES == 8, "AVX2 has eight lanes");
inline Vector multiply_add(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
inline Vector subtract_product(Vector c, Vector a, Vector b) { return _mm256_fnmadd_ps(a, b, c); }
inline Bits widen(Half half) { return (Bits)_mm256_cvtepu16_epi32((__m128i)half); }
inline Half narrow(Bits bits) {
  const __m256i packed = _mm256_packus_epi32((__m256i)bits, (__m256i)bits);
  return (Half)_mm256_castsi256_si128(_mm256_permute4x64_epi64(packed, 0x08));
}
#else
#if defined(SPIKEFUSE_NEON)
inline Vector multiply_add(Vector a, Vector b, Vector c) { return vfmaq_f32(c, a, b); }
inline Vector subtract_product(Vector c, Vector a, Vector b) { return vfmsq_f32(c, a, b); }
#else
inline Vector multiply_add(Vector a, Vector b, Vector c) { return a * b + c; }
inline Vector subtract_product(Vector c, Vector a, Vector b) { return c - a * b; }
#endif
inline Bits widen(Half half) { return __builtin_convertvector(half, Bits); }
inline Half narrow(Bits bits) { return __builtin_convertvector(bits, Half); }
#endif

inline void store_spikes(float* to, Mask fired) { store(to, keep(fired, all(1.0f))); }
inline void store_spikes(BFloat16* to, Mask fired) {
  store_half(to, narrow((Bits)fired & 0x3f80u));
}

#endif

inline Vector load(const BFloat16* from) { return (Vector)(widen(load_half(from)) << 16); }

#if defined(__AVX512BF16__)
inline void store(BFloat16* to, Vector value) { store_half(to, (Half)_mm512_cvtneps_pbh(value)); }
#else
inline void store(BFloat16* to, Vector value) { store_half(to, narrow(round_to_half(value))); }
#endif

// Stores around the cache, to aligned addresses; `fence_streams` orders them before what follows.
#if defined(__AVX512F__)

constexpr bool STREAMS = true;
inline void fence_streams() { _mm_sfence(); }
inline void stream(float* to, Vector value) { _mm512_stream_ps(to, value); }
inline void stream(BFloat16* to, Vector value) {
  alignas(32) BFloat16 half[LANES];
  store(half, value);
  _mm256_stream_si256((__m256i*)to, (__m256i)load_half(half));
}

#else

constexpr bool STREAMS = false;
inline void fence_streams() {}
template <class Value>
void stream(Value* to, Vector value);

#endif

template <bool STREAMED, class Value>
inline void store_gradient(Value* to, Vector value) {
  if constexpr (STREAMED) {
    stream(to, value);
  } else {
    store(to, value);
  }
}

}  // namespace
