// The neuron's constants and the pieces of its equation that every kernel shares; the equation itself
// stands in src/spikefuse/neurons/lif/reference.py.
#pragma once

#include "lif.h"
#include "vector.h"

namespace {

// Codes of neurons/surrogate.py.
enum Surrogate { BOXCAR = 0, ATAN = 1, FAST_SIGMOID = 2, TRIANGLE = 3 };

struct Neuron {
  Vector leak, threshold;
  Vector amount;           // soft: what a spike takes; threshold, or 0 without reset
  Vector gradient_amount;  // soft: the same, hard: 1; both 0 when the reset is detached
  Vector width, inverse_width, peak;
};

inline Neuron make_neuron(float leak, float threshold, int reset, int surrogate, double width,
                          bool detach_reset) {
  constexpr double half_pi = 1.57079632679489661923;
  const bool soft = reset == SPIKEFUSE_RESET_SOFT, hard = reset == SPIKEFUSE_RESET_HARD;
  const float amount = soft ? threshold : 0.0f;
  const float attached = detach_reset ? 0.0f : 1.0f;
  return {all(leak),
          all(threshold),
          all(amount),
          all(attached * (hard ? 1.0f : amount)),
          all((float)width),
          all((float)((surrogate == ATAN ? half_pi : 1.0) / width)),
          all((float)((surrogate == TRIANGLE ? 1.0 : 0.5) / width))};
}

template <int SURROGATE>
inline Vector derivative(const Neuron& n, Vector x) {
  if constexpr (SURROGATE == BOXCAR) {
    // Outside the box x * 0: zero, or NaN for a membrane that is not finite, so that a network that
    // diverged shows it in its gradient.
    return choose(greater(n.width, magnitude(x)), n.peak, x * 0.0f);
  } else if constexpr (SURROGATE == ATAN) {
    const Vector u = x * n.inverse_width;
    return n.peak / (1.0f + u * u);
  } else if constexpr (SURROGATE == FAST_SIGMOID) {
    const Vector u = 1.0f + magnitude(x) * n.inverse_width;
    return n.peak / (u * u);
  } else {
    const Vector u = 1.0f - magnitude(x) * n.inverse_width;
    return n.peak * keep(inverse(greater(Vector{}, u)), u);
  }
}

template <bool HARD>
inline Vector after_reset(const Neuron& n, Vector h, Mask fired) {
  return subtract_where(fired, h, HARD ? h : n.amount);
}

// Gradient of a window's maximum: all of it to the first pixel that fired, to the first pixel of
// all when none did, as PyTorch's max_pool2d.
inline void unpool(const Mask* fired, Vector g, Vector* share) {
  const Mask two = either(fired[0], fired[1]), three = either(two, fired[2]);
  const Mask none = inverse(either(three, fired[3]));
  share[0] = keep(either(fired[0], none), g);
  share[1] = keep(both(fired[1], inverse(fired[0])), g);
  share[2] = keep(both(fired[2], inverse(two)), g);
  share[3] = keep(both(fired[3], inverse(three)), g);
}

}  // namespace
