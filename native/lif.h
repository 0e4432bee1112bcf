// The interface between the Python wrapper (neurons/lif/native.py), the dispatcher and the kernels.
// Plain C layout: the wrapper mirrors `SpikefuseLif` field by field.
#pragma once

#include <stdint.h>

enum SpikefuseReset {
  SPIKEFUSE_RESET_NONE = 0,
  SPIKEFUSE_RESET_SOFT = 1,
  SPIKEFUSE_RESET_HARD = 2,
};

// One call. All arrays are contiguous; "values" are float32 or bf16 as `bf16` says. N is the number
// of neurons of a member: channels when not pooled, batch * height * width * channels when pooled.
// M is N, or batch * (height / 2) * (width / 2) * channels when pooled.
struct SpikefuseLif {
  const void* current;             // values [P, T, N], or [P, 1, N] when is_static
  const float* leak;               // [P]
  const float* threshold;          // [P]
  const int8_t* reset;             // [P], SpikefuseReset
  void* spikes;                    // forward, out: values [P, T, M]
  float* membrane;                 // forward, out: [P, N], or null when not wanted
  const void* spike_gradient;      // backward: values [P, T, M], or null for zero
  const float* membrane_gradient;  // backward: [P, N], or null for zero
  void* current_gradient;          // backward, out: values in the shape of current
  int64_t members;                 // P
  int64_t steps;                   // T
  int64_t batch, height, width;    // pooled only
  int64_t channels;
  double surrogate_width;
  int32_t surrogate;               // code in neurons/surrogate.py
  int32_t is_static;
  int32_t pool;
  int32_t bf16;
  int32_t detach_reset;
  int32_t backward;
  int32_t threads;
};

// Work is cut into units: a pair of image rows when pooled, a run of neurons otherwise. Units do
// not share outputs. `scratch` holds steps * SPIKEFUSE_SCRATCH_FLOATS floats, aligned to 64 bytes.
#define SPIKEFUSE_FLAT_UNIT 2048
#define SPIKEFUSE_SCRATCH_FLOATS 128  // eight vectors of at most sixteen lanes

typedef void (*SpikefuseKernel)(const SpikefuseLif& lif, int64_t begin, int64_t end,
                                float* scratch);

static inline int64_t spikefuse_units_per_member(const SpikefuseLif& lif) {
  if (lif.pool) return lif.batch * ((lif.height + 1) / 2);
  const int64_t whole = lif.channels / SPIKEFUSE_FLAT_UNIT;
  return whole > 0 ? whole : 1;  // the last unit takes what is left over
}
