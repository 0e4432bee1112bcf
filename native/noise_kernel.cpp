// Gaussian noise for one instruction set; compiled like lif_kernel.cpp. The definition of the
// numbers stands in src/spikefuse/core/gaussian.py.

#include "noise.h"

#if !defined(SPIKEFUSE_NOISE_KERNEL) || !defined(SPIKEFUSE_LANES)
#error "compile with -DSPIKEFUSE_NOISE_KERNEL=name -DSPIKEFUSE_LANES=number"
#endif

#include "vector.h"

namespace {

typedef uint64_t Wide __attribute__((vector_size(LANES * 8)));
typedef int32_t Signed __attribute__((vector_size(LANES * 4)));

constexpr int HALF_BLOCK = SPIKEFUSE_NORMAL_BLOCK / 2;
static_assert(HALF_BLOCK % LANES == 0, "a block holds whole vectors");

inline Vector from_signed(Signed value) { return __builtin_convertvector(value, Vector); }

inline Vector square_root(Vector x) {
#if defined(__AVX512F__)
  return _mm512_sqrt_ps(x);
#elif defined(__AVX2__)
  return _mm256_sqrt_ps(x);
#else
  Vector root;
  for (int i = 0; i < LANES; ++i) root[i] = __builtin_sqrtf(x[i]);
  return root;
#endif
}

// SplitMix64 at a position: Steele, Lea, Flood, OOPSLA 2014.
inline Wide mix(Wide z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

// Natural logarithm of a normal number in (0, 1]: Cephes logf, error below 1e-7 relative.
inline Vector logarithm(Vector x) {
  const Bits bits = (Bits)x;
  Signed exponent = (Signed)(bits >> 23) - 126;
  Vector m = (Vector)((bits & 0x007fffffu) | 0x3f000000u);  // [0.5, 1)
  const Signed low = (Signed)(m < all(0.707106781186547524f));
  exponent += low;  // true is -1
  m = m + (Vector)((Bits)low & (Bits)m) - 1.0f;
  const Vector e = from_signed(exponent), z = m * m;
  Vector y = all(7.0376836292e-2f);
  y = multiply_add(y, m, all(-1.1514610310e-1f));
  y = multiply_add(y, m, all(1.1676998740e-1f));
  y = multiply_add(y, m, all(-1.2420140846e-1f));
  y = multiply_add(y, m, all(1.4249322787e-1f));
  y = multiply_add(y, m, all(-1.6668057665e-1f));
  y = multiply_add(y, m, all(2.0000714765e-1f));
  y = multiply_add(y, m, all(-2.4999993993e-1f));
  y = multiply_add(y, m, all(3.3333331174e-1f));
  y = y * m * z;
  y = multiply_add(e, all(-2.12194440e-4f), y);
  y = multiply_add(z, all(-0.5f), y);
  return multiply_add(e, all(0.693359375f), m + y);
}

// Cosine and sine of `turns` full turns, turns in [0, 1): Cephes sinf and cosf on an eighth.
inline void circle(Vector turns, Vector* cosine, Vector* sine) {
  const Vector quarters = turns * 4.0f;
  const Signed q = __builtin_convertvector(quarters + 0.5f, Signed);  // nearest, truncated from above
  const Vector x = (quarters - from_signed(q)) * 1.57079632679489661923f, z = x * x;
  Vector c = all(2.443315711809948e-5f);
  c = multiply_add(c, z, all(-1.388731625493765e-3f));
  c = multiply_add(c, z, all(4.166664568298827e-2f));
  c = multiply_add(c * z, z, multiply_add(z, all(-0.5f), all(1.0f)));
  Vector s = all(-1.9515295891e-4f);
  s = multiply_add(s, z, all(8.3321608736e-3f));
  s = multiply_add(s, z, all(-1.6666654611e-1f));
  s = multiply_add(s * z, x, x);
  const Bits odd = (Bits)((q & 1) == 1);
  const Bits cosine_sign = ((Bits)(q + 1) & 2u) << 30, sine_sign = ((Bits)q & 2u) << 30;
  *cosine = (Vector)(((odd & (Bits)s) | (~odd & (Bits)c)) ^ cosine_sign);
  *sine = (Vector)(((odd & (Bits)c) | (~odd & (Bits)s)) ^ sine_sign);
}

// LANES cosines and LANES sines of the pairs whose first counter is `counter`.
inline void normals(uint64_t seed, uint64_t counter, Vector std, Vector* first, Vector* second) {
  Wide position;
  for (int i = 0; i < LANES; ++i) position[i] = counter + 1 + i;
  const Wide z = mix(position * 0x9e3779b97f4a7c15ull + seed);
  const Signed high = __builtin_convertvector(z >> 40, Signed);
  const Signed low = __builtin_convertvector((z >> 8) & 0xffffffull, Signed);
  const Vector u = (from_signed(high) + 1.0f) * 5.9604644775390625e-8f;  // (0, 1]
  const Vector turns = from_signed(low) * 5.9604644775390625e-8f;        // [0, 1)
  const Vector radius = std * square_root(logarithm(u) * -2.0f);
  Vector cosine, sine;
  circle(turns, &cosine, &sine);
  *first = radius * cosine;
  *second = radius * sine;
}

// `count` values from `begin` (a multiple of the block) of one member and step.
template <class Value>
void run(const Value* from, Value* to, uint64_t seed, float std, int64_t begin, int64_t count,
         uint64_t step_counter) {
  const Vector scale = all(std);
  for (int64_t done = 0; done < count; done += SPIKEFUSE_NORMAL_BLOCK) {
    const int64_t at = begin + done;
    const uint64_t counter = step_counter + (uint64_t)at / 2;
    float tail[SPIKEFUSE_NORMAL_BLOCK];
    const bool whole = count - done >= SPIKEFUSE_NORMAL_BLOCK;
    for (int k = 0; k < HALF_BLOCK; k += LANES) {
      Vector first, second;
      normals(seed, counter + k, scale, &first, &second);
      if (whole) {
        store(to + at + k, load(from + at + k) + first);
        store(to + at + k + HALF_BLOCK, load(from + at + k + HALF_BLOCK) + second);
      } else {
        store(tail + k, first);
        store(tail + k + HALF_BLOCK, second);
      }
    }
    for (int64_t i = 0; !whole && i < count - done; ++i) {
      Value lane[LANES] = {};
      lane[0] = from[at + i];
      store(lane, load(lane) + all(tail[i]));
      to[at + i] = lane[0];
    }
  }
}

template <class Value>
void run_unit(const SpikefuseNoise& noise, int64_t unit) {
  const int64_t per_step = spikefuse_noise_units_per_step(noise);
  const int64_t row = unit / per_step, begin = unit % per_step * SPIKEFUSE_NOISE_UNIT;
  const int64_t p = row / noise.steps, t = row % noise.steps;
  const int64_t left = noise.count - begin;
  const int64_t blocks = (noise.count + SPIKEFUSE_NORMAL_BLOCK - 1) / SPIKEFUSE_NORMAL_BLOCK;
  run((const Value*)noise.current + (noise.is_static ? p : row) * noise.count,
      (Value*)noise.out + row * noise.count, noise.seed[p], (float)noise.std, begin,
      left < SPIKEFUSE_NOISE_UNIT ? left : SPIKEFUSE_NOISE_UNIT,
      (uint64_t)(t * blocks * HALF_BLOCK));
}

}  // namespace

// Units [begin, end) of all members and steps laid end to end.
void SPIKEFUSE_NOISE_KERNEL(const SpikefuseNoise& noise, int64_t begin, int64_t end) {
  for (int64_t unit = begin; unit < end; ++unit) {
    if (noise.bf16) {
      run_unit<BFloat16>(noise, unit);
    } else {
      run_unit<float>(noise, unit);
    }
  }
}
