// Masks and bits, bits and lists, for the instruction set being compiled for.
#pragma once

#include "vector.h"

#if defined(__SSE2__) && !defined(__AVX2__)
#include <emmintrin.h>
#endif

namespace {

constexpr int LIST_SLACK = 16;  // a list may be written to this many entries past its end

struct Places {
  uint64_t lanes[256];
};

// For each byte: the places of its set bits, one byte each, lowest first.
constexpr Places make_places() {
  Places places{};
  for (int byte = 0; byte < 256; ++byte) {
    int found = 0;
    for (int bit = 0; bit < 8; ++bit) {
      if (byte >> bit & 1) places.lanes[byte] |= (uint64_t)bit << (8 * found++);
    }
  }
  return places;
}

constexpr Places PLACES = make_places();

#if defined(__AVX512F__)
inline Mask nonzero(Vector x) { return _mm512_cmp_ps_mask(x, Vector{}, _CMP_NEQ_UQ); }
inline Mask at_least(Vector a, Vector b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
inline uint32_t bits_of(Mask mask) { return mask; }
#else
inline Mask at_least(Vector a, Vector b) { return (Mask)(a >= b); }
inline Mask nonzero(Vector x) { return (Mask)(x != Vector{}); }
inline uint32_t bits_of(Mask mask) {
#if defined(__AVX2__)
  return (uint32_t)_mm256_movemask_ps((__m256)mask);
#elif defined(__SSE2__) && SPIKEFUSE_LANES == 4
  return (uint32_t)_mm_movemask_ps((__m128)mask);
#else
  uint32_t bits = 0;
  for (int i = 0; i < LANES; ++i) bits |= (uint32_t)(mask[i] & 1) << i;
  return bits;
#endif
}
#endif

// Whether any bit of two vectors is another one.
inline bool differs(Vector a, Vector b) {
#if defined(__AVX512F__)
  return _mm512_cmpneq_epi32_mask((__m512i)a, (__m512i)b) != 0;
#else
  return bits_of((Mask)((Bits)a != (Bits)b)) != 0;
#endif
}

// NaN and infinity.
inline Mask not_finite(Vector x) { return nonzero(x * 0.0f); }

// 1 in the lanes of set bits, 0 in the others.
inline Vector ones_where(uint32_t bits) {
#if defined(__AVX512F__)
  return _mm512_maskz_mov_ps((__mmask16)bits, all(1.0f));
#elif defined(__AVX2__)
  const __m256i place = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
  const __m256i set = _mm256_and_si256(_mm256_set1_epi32((int)bits), place);
  return (Vector)_mm256_and_si256(_mm256_cmpeq_epi32(set, place), (__m256i)all(1.0f));
#else
  Vector ones;
  for (int i = 0; i < LANES; ++i) ones[i] = (float)(bits >> i & 1u);
  return ones;
#endif
}

// Four bytes of a row from its byte `at`; what lies past its end is zero.
inline uint32_t word_at(const uint8_t* row, int64_t at, int64_t bytes) {
  uint32_t word = 0;
  if (at + 4 <= bytes) {
    __builtin_memcpy(&word, row + at, 4);
  } else {
    for (int64_t i = at; i < bytes; ++i) word |= (uint32_t)row[i] << (8 * (i - at));
  }
  return word;
}

// LANES bits of a row from its bit `from`.
inline uint32_t lane_bits(const uint8_t* row, int64_t from, int64_t bytes) {
  const uint32_t word = word_at(row, from >> 3, bytes) >> (from & 7);
  return word & ((1u << LANES) - 1u);
}

// Appends base + place for each set bit.
inline uint32_t* append_places(uint32_t word, uint32_t base, uint32_t* to) {
#if defined(__AVX512F__)
  // Compressed in a register, then stored: the form to memory is microcoded on Zen 4.
  const __m512i low = _mm512_add_epi32(
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
      _mm512_set1_epi32((int)base));
  const __mmask16 first = (__mmask16)word, second = (__mmask16)(word >> 16);
  _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(first, low));
  to += __builtin_popcount(first);
  const __m512i high = _mm512_add_epi32(low, _mm512_set1_epi32(16));
  _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(second, high));
  return to + __builtin_popcount(second);
#elif defined(__AVX2__)
  for (int k = 0; k < 4; ++k) {
    const uint32_t byte = word >> (8 * k) & 255u;
    const __m256i place = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128((int64_t)PLACES.lanes[byte]));
    const __m256i entry = _mm256_add_epi32(place, _mm256_set1_epi32((int)base + 8 * k));
    _mm256_storeu_si256((__m256i*)to, entry);
    to += __builtin_popcount(byte);
  }
  return to;
#else
  for (; word; word &= word - 1) *to++ = base + (uint32_t)__builtin_ctz(word);
  return to;
#endif
}

inline uint16_t* append_places(uint32_t word, uint32_t base, uint16_t* to) {
#if defined(__AVX2__)
  for (int k = 0; k < 4; ++k) {
    const uint32_t byte = word >> (8 * k) & 255u;
    const __m128i place = _mm_cvtepu8_epi16(_mm_cvtsi64_si128((int64_t)PLACES.lanes[byte]));
    const __m128i entry = _mm_add_epi16(place, _mm_set1_epi16((int16_t)(base + 8 * k)));
    _mm_storeu_si128((__m128i*)to, entry);
    to += __builtin_popcount(byte);
  }
  return to;
#else
  for (; word; word &= word - 1) *to++ = (uint16_t)(base + (uint32_t)__builtin_ctz(word));
  return to;
#endif
}

// Appends the marked lanes of `x` and their channels; may write LANES entries whatever is marked.
inline void append_values(Vector x, uint32_t marked, int64_t channel, float* value,
                          uint16_t* channels) {
#if defined(__AVX512F__)
  const __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  store(value, (Vector)_mm512_maskz_compress_ps((__mmask16)marked, x));
  const __m512i kept = _mm512_maskz_compress_epi32(
      (__mmask16)marked, _mm512_add_epi32(lane, _mm512_set1_epi32((int)channel)));
  _mm256_storeu_si256((__m256i*)channels, _mm512_cvtepi32_epi16(kept));
#elif defined(__AVX2__)
  const __m128i places = _mm_cvtsi64_si128((int64_t)PLACES.lanes[marked]);
  store(value, (Vector)_mm256_permutevar8x32_ps(x, _mm256_cvtepu8_epi32(places)));
  const __m128i base = _mm_set1_epi16((int16_t)channel);
  _mm_storeu_si128((__m128i*)channels, _mm_add_epi16(_mm_cvtepu8_epi16(places), base));
#else
  for (; marked; marked &= marked - 1) {
    const int lane = __builtin_ctz(marked);
    *value++ = x[lane];
    *channels++ = (uint16_t)(channel + lane);
  }
#endif
}

// Hands out pieces of scratch memory, each on a cache line of its own.
struct Carver {
  char* at;
  int64_t used;
  template <class Value>
  Value* take(int64_t count) {
    Value* piece = (Value*)((uintptr_t)at + (uintptr_t)used);  // also measures, from null
    used += (count * (int64_t)sizeof(Value) + 63) / 64 * 64;
    return piece;
  }
};

}  // namespace
