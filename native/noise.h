// The interface of the Gaussian noise kernel; plain C, mirrored by core/gaussian.py field by field.
#pragma once

#include <stdint.h>

// Numbers that share one call of the generator: sixteen cosines, then sixteen sines.
#define SPIKEFUSE_NORMAL_BLOCK 32

// One call: out[p, t, i] = current[p, t, i] + std * normal(seed[p], t, i). All arrays are
// contiguous; "values" are float32 or bf16 as `bf16` says.
struct SpikefuseNoise {
  const void* current;   // values [P, T, N], or [P, 1, N] when is_static
  void* out;             // values [P, T, N]
  const uint64_t* seed;  // [P]
  int64_t members;       // P
  int64_t steps;         // T
  int64_t count;         // N
  double std;
  int32_t is_static;
  int32_t bf16;
  int32_t threads;
};

// A unit of work: this many neighbouring values of one member and time step.
#define SPIKEFUSE_NOISE_UNIT 8192

typedef void (*SpikefuseNoiseKernel)(const SpikefuseNoise& noise, int64_t begin, int64_t end);

static inline int64_t spikefuse_noise_units_per_step(const SpikefuseNoise& noise) {
  return (noise.count + SPIKEFUSE_NOISE_UNIT - 1) / SPIKEFUSE_NOISE_UNIT;
}
