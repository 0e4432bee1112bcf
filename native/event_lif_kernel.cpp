// The LIF neuron between event-driven products, for one instruction set: forward it writes spikes
// and "needed" as bits, backward it passes by what no gradient enters and writes events.
//
// Potentials and gradients are computed as in lif_kernel.cpp, in the same order: with equal inputs
// the numbers are equal.

#include "bits.h"
#include "events.h"
#include "neuron.h"

namespace {

constexpr int CHUNK = 32;  // channels whose bits are gathered in one word
static_assert(CHUNK % LANES == 0, "a vector lies in one chunk");

int64_t out_height(const SpikefuseEventLif& l) { return l.pool ? l.height / 2 : l.height; }
int64_t out_width(const SpikefuseEventLif& l) { return l.pool ? l.width / 2 : l.width; }

// The pixels of a window from its first one.
template <int K>
struct Window {
  int64_t offset[K];
};

template <int K>
Window<K> make_window(const SpikefuseEventLif& l) {
  const int64_t c = l.channels, row = l.width * l.channels;
  if constexpr (K == 4) {
    return {{0, c, row, row + c}};
  } else {
    return {{0}};
  }
}

// Where the surrogate is not zero, or unknown (NaN). Its value is `derivative` in neuron.h.
template <int SURROGATE>
inline Mask near_threshold(const Neuron& n, Vector x) {
  if constexpr (SURROGATE == TRIANGLE) {
    return inverse(at_least(Vector{}, 1.0f - magnitude(x) * n.inverse_width));
  } else {
    return inverse(at_least(magnitude(x), n.width));
  }
}

// LANES neurons of each pixel of a window over all steps. `shift` is their place in the words; `each`
// [T, K] takes the spikes of every pixel where they are to be counted before pooling.
//
// A gradient of a pooled spike reaches the first pixel that fired, or the first of all: the spike is
// needed where the surrogate is not zero there. A membrane that is not finite, which it then stays,
// counts as needed at the last step, or it would not show in the gradient.
template <bool HARD, int SURROGATE, int K, bool NEED, bool COUNT>
inline void forward_lanes(const Neuron& n, const SpikefuseEventLif& l, const float* current,
                          const Window<K>& window, int64_t step, int shift, uint32_t* spikes,
                          uint32_t* needed, uint32_t* each) {
  const auto placed = [shift](Mask mask) {
    return shift < 0 ? bits_of(mask) >> -shift : bits_of(mask) << shift;
  };
  Vector v[K];
  for (int k = 0; k < K; ++k) v[k] = Vector{};
  for (int64_t t = 0; t < l.steps; ++t) {
    Mask any{}, near{}, first{};
    for (int k = 0; k < K; ++k) {
      const Vector h = n.leak * v[k] + load(current + window.offset[k] + t * step);
      const Mask fired = greater(h, n.threshold);
      v[k] = after_reset<HARD>(n, h, fired);
      if constexpr (NEED) {
        const Mask close = near_threshold<SURROGATE>(n, h - n.threshold);
        if (k == 0) first = close;
        near = either(near, both(close, both(fired, inverse(any))));
      }
      if constexpr (COUNT) each[t * K + k] |= placed(fired);
      any = either(any, fired);
    }
    spikes[t] |= placed(any);
    if constexpr (NEED) needed[t] |= placed(either(near, both(first, inverse(any))));
  }
  if constexpr (NEED) {
    for (int k = 0; k < K; ++k) needed[l.steps - 1] |= placed(not_finite(v[k]));
  }
}

// Whether a window's currents in channels [begin, end) are, bit by bit, those of the window before.
template <int K>
bool repeats(const SpikefuseEventLif& l, const float* corner, const Window<K>& window,
             int64_t before, int64_t begin, int64_t end) {
  for (int64_t c = begin; c < end; c += LANES) {
    const float* at = corner + (c + LANES <= l.channels ? c : l.channels - LANES);
    for (int k = 0; k < K; ++k) {
      const float* own = at + window.offset[k];
      if (differs(load(own), load(own - before))) return false;
    }
  }
  return true;
}

// A row of windows of one sample.
//
// A current that is the same at every step makes equal windows equal for good: an image's background
// is run through time once a row.
template <bool HARD, int SURROGATE, int K, bool NEED, bool COUNT>
void forward_row(const Neuron& n, const SpikefuseEventLif& l, int64_t unit, char* slot) {
  const int64_t side = K == 4 ? 2 : 1, across = out_width(l), down = out_height(l);
  const int64_t sample = unit / down, y = unit % down, channels = l.channels;
  const int64_t map = l.height * l.width * channels, step = l.is_static ? 0 : l.batch * map;
  const int64_t bytes = spikefuse_bytes(channels), out_step = l.batch * down * across * bytes;
  const Window<K> window = make_window<K>(l);
  Carver carver{slot, 0};
  uint32_t* spikes = carver.take<uint32_t>(l.steps);
  uint32_t* needed = carver.take<uint32_t>(l.steps);
  uint32_t* each = COUNT ? carver.take<uint32_t>(l.steps * K) : nullptr;
  // What fired in the window before, for each chunk and step: a window that repeats it fires alike.
  uint32_t* before =
      COUNT ? carver.take<uint32_t>((channels + CHUNK - 1) / CHUNK * l.steps) : nullptr;
  const auto row_of = [&](int64_t t) { return (t * l.batch + sample) * down + y; };
  if constexpr (COUNT) {
    for (int64_t t = 0; t < l.steps; ++t) l.fired[row_of(t)] = 0;
  }
  for (int64_t x = 0; x < across; ++x) {
    const float* corner = l.current + sample * map + (y * l.width + x) * side * channels;
    const int64_t out = ((sample * down + y) * across + x) * bytes;
    for (int64_t chunk = 0; chunk < channels; chunk += CHUNK) {
      const int64_t last = chunk + CHUNK < channels ? chunk + CHUNK : channels;
      const int64_t from = chunk / 8, wide = bytes - from < 4 ? bytes - from : 4;
      if (l.is_static && x > 0 && repeats<K>(l, corner, window, side * channels, chunk, last)) {
        for (int64_t t = 0; t < l.steps; ++t) {
          const int64_t to = out + t * out_step + from;
          for (int64_t i = to; i < to + wide; ++i) l.spikes[i] = l.spikes[i - bytes];
          if constexpr (NEED) {
            for (int64_t i = to; i < to + wide; ++i) l.needed[i] = l.needed[i - bytes];
          }
          if constexpr (COUNT) l.fired[row_of(t)] += before[chunk / CHUNK * l.steps + t];
        }
        continue;
      }
      for (int64_t t = 0; t < l.steps; ++t) spikes[t] = needed[t] = 0;
      if constexpr (COUNT) {
        for (int64_t i = 0; i < l.steps * K; ++i) each[i] = 0;
      }
      for (int64_t c = chunk; c < last; c += LANES) {
        const int64_t at = c + LANES <= channels ? c : channels - LANES;  // may overlap: equal bits
        forward_lanes<HARD, SURROGATE, K, NEED, COUNT>(n, l, corner + at, window, step,
                                                       (int)(at - chunk), spikes, needed, each);
      }
      for (int64_t t = 0; t < l.steps; ++t) {
        const int64_t to = out + t * out_step + from;
        for (int64_t i = 0; i < wide; ++i) l.spikes[to + i] = (uint8_t)(spikes[t] >> (8 * i));
        if constexpr (NEED) {
          for (int64_t i = 0; i < wide; ++i) l.needed[to + i] = (uint8_t)(needed[t] >> (8 * i));
        }
        if constexpr (COUNT) {
          uint32_t count = 0;
          for (int k = 0; k < K; ++k) count += (uint32_t)__builtin_popcount(each[t * K + k]);
          before[chunk / CHUNK * l.steps + t] = count;
          l.fired[row_of(t)] += count;
        }
      }
    }
  }
}

// Events of the pixels of one window, gathered over the channels.
struct Gathered {
  float* value;       // [T, K, capacity]
  uint16_t* channel;  // the same
  uint32_t* count;    // [T, K]
  int64_t capacity;
};

// What a sample's backward pass carries along.
struct Sample {
  int64_t number;
  Gathered gathered;
  Vector* potentials;  // [T, K]
  uint32_t* at;        // [T]: where the next event goes
  Vector bad;          // not zero once an event is not finite
};

// LANES neurons of each pixel back through time from step `steps` - 1: what comes after it is zero.
// `fresh` marks lanes that were not done before; without `gradient` nothing enters from outside.
template <bool HARD, int SURROGATE, int K>
inline void backward_lanes(const Neuron& n, const SpikefuseEventLif& l, const float* current,
                           const Window<K>& window, const float* gradient, int64_t gradient_step,
                           int64_t steps, uint32_t fresh, int64_t channel, Sample& sample) {
  const int64_t step = l.batch * l.height * l.width * l.channels;
  Vector* h = sample.potentials;
  Vector v[K], gv[K];
  for (int k = 0; k < K; ++k) v[k] = gv[k] = Vector{};
  for (int64_t t = 0; t < steps; ++t) {
    for (int k = 0; k < K; ++k) {
      const Vector potential = n.leak * v[k] + load(current + window.offset[k] + t * step);
      h[t * K + k] = potential;
      v[k] = after_reset<HARD>(n, potential, greater(potential, n.threshold));
    }
  }
  const Gathered& to = sample.gathered;
  for (int64_t t = steps - 1; t >= 0; --t) {
    Mask fired[K];
    Vector g[K];
    const Vector entering = gradient ? load(gradient + t * gradient_step) : Vector{};
    for (int k = 0; k < K; ++k) fired[k] = greater(h[t * K + k], n.threshold);
    if constexpr (K == 4) {
      unpool(fired, entering, g);
    } else {
      g[0] = entering;
    }
    for (int k = 0; k < K; ++k) {
      const Vector potential = h[t * K + k];
      const Vector amount = HARD ? potential * n.gradient_amount : n.gradient_amount;
      const Vector through_spike = subtract_product(g[k], gv[k], amount);
      const Vector kept = HARD ? keep(inverse(fired[k]), gv[k]) : gv[k];
      const Vector slope = derivative<SURROGATE>(n, potential - n.threshold);
      const Vector gh = multiply_add(through_spike, slope, kept);
      gv[k] = n.leak * gh;
      const uint32_t marked = bits_of(nonzero(gh)) & fresh;
      if (LANES < 16 && !marked) continue;  // of sixteen some are mostly marked: nothing to foresee
      sample.bad = sample.bad + gh * 0.0f;
      uint32_t& count = to.count[t * K + k];
      const int64_t place = (t * K + k) * to.capacity + count;
      append_values(gh, marked, channel, to.value + place, to.channel + place);
      count += (uint32_t)__builtin_popcount(marked);
    }
  }
}

// All channels of one window, whose first pixel is number `pixel`; `output` is the window's own
// number, or -1 for a pixel that an odd map leaves out.
template <bool HARD, int SURROGATE, int K>
void backward_window(const Neuron& n, const SpikefuseEventLif& l, int64_t pixel, int64_t output,
                     bool skips, Sample& sample) {
  const int64_t channels = l.channels, pixels = l.height * l.width;
  const int64_t outputs = out_height(l) * out_width(l), bytes = spikefuse_bytes(channels);
  const int64_t row = sample.number * outputs + output, step = l.batch * outputs;
  const Window<K> window = make_window<K>(l);
  const float* current = l.current + (sample.number * pixels + pixel) * channels;
  for (int64_t i = 0; i < l.steps * K; ++i) sample.gathered.count[i] = 0;
  for (int64_t c = 0; c < channels; c += LANES) {
    const int64_t at = c + LANES <= channels ? c : channels - LANES;
    const uint32_t fresh = ((1u << LANES) - 1u) & ~((1u << (c - at)) - 1u);
    int64_t steps = l.steps;
    while (skips && steps > 0 &&
           !(lane_bits(l.needed + (row + (steps - 1) * step) * bytes, at, bytes) & fresh)) {
      --steps;
    }
    const float* gradient = output < 0 ? nullptr : l.spike_gradient + row * channels + at;
    backward_lanes<HARD, SURROGATE, K>(n, l, current + at, window, gradient, step * channels,
                                       steps, fresh, at, sample);
  }
  const Gathered& from = sample.gathered;
  for (int64_t t = 0; t < l.steps; ++t) {
    const int64_t map = t * l.batch + sample.number;
    for (int k = 0; k < K; ++k) {
      const int64_t place = map * pixels + pixel + window.offset[k] / channels;
      const int64_t region = map * pixels * channels + sample.at[t];
      const uint32_t count = from.count[t * K + k];
      l.start[place] = sample.at[t];
      l.count[place] = (uint16_t)count;
      const int64_t gathered = (t * K + k) * from.capacity;
      const int64_t whole = (count + LIST_SLACK - 1) / LIST_SLACK * LIST_SLACK;
      // Copied in whole pieces, and the rest of the last one overwritten by the next events, unless
      // it would reach into the events of another map.
      const bool fits = (int64_t)sample.at[t] + whole <= pixels * channels;
      const int64_t copied = fits ? whole : count;
      for (int64_t i = 0; fits && i < copied; i += LIST_SLACK) {
        __builtin_memcpy(l.value + region + i, from.value + gathered + i, LIST_SLACK * 4);
        __builtin_memcpy(l.channel + region + i, from.channel + gathered + i, LIST_SLACK * 2);
      }
      for (int64_t i = 0; !fits && i < copied; ++i) {
        l.value[region + i] = from.value[gathered + i];
        l.channel[region + i] = from.channel[gathered + i];
      }
      sample.at[t] += count;
    }
  }
}

Sample make_sample(const SpikefuseEventLif& l, int64_t number, int64_t pixels, char* slot) {
  Carver carver{slot, 0};
  const int64_t rows = l.steps * pixels, capacity = l.channels + 2 * LIST_SLACK;
  Sample sample;
  sample.number = number;
  sample.potentials = carver.take<Vector>(rows);
  sample.gathered.value = carver.take<float>(rows * capacity);
  sample.gathered.channel = carver.take<uint16_t>(rows * capacity);
  sample.gathered.count = carver.take<uint32_t>(rows);
  sample.gathered.capacity = capacity;
  sample.at = carver.take<uint32_t>(l.steps);
  sample.bad = Vector{};
  for (int64_t t = 0; t < l.steps; ++t) sample.at[t] = 0;
  return sample;
}

template <bool HARD, int SURROGATE, int K>
void backward_sample(const Neuron& n, const SpikefuseEventLif& l, int64_t number, char* slot) {
  const int64_t side = K == 4 ? 2 : 1, across = out_width(l), down = out_height(l);
  const int64_t outputs = down * across;
  Sample sample = make_sample(l, number, K, slot);
  // A product that met a gradient that is not finite fills all of its own with NaN.
  const float first = outputs ? l.spike_gradient[number * outputs * l.channels] : 0.0f;
  const bool skips = l.needed && first * 0.0f == 0.0f;
  for (int64_t y = 0; y < down; ++y) {
    for (int64_t x = 0; x < across; ++x) {
      backward_window<HARD, SURROGATE, K>(n, l, (y * l.width + x) * side, y * across + x, skips,
                                          sample);
    }
  }
  for (int64_t y = 0; y < l.height; ++y) {
    const int64_t from = y < down * side ? across * side : 0;
    for (int64_t x = from; x < l.width; ++x) {
      backward_window<HARD, SURROGATE, 1>(n, l, y * l.width + x, -1, false, sample);
    }
  }
  int64_t total = 0;
  for (int64_t t = 0; t < l.steps; ++t) total += sample.at[t];
  l.total[number] = total;
  l.broken[number] = bits_of(nonzero(sample.bad)) != 0;
}

template <bool HARD, int SURROGATE, int K>
void run_units(const SpikefuseEventLif& l, int64_t begin, int64_t end, char* slot) {
  const Neuron n = make_neuron(l.leak, l.threshold, l.reset, l.surrogate, l.surrogate_width,
                               l.detach_reset != 0);
  for (int64_t unit = begin; unit < end; ++unit) {
    if (l.backward) {
      backward_sample<HARD, SURROGATE, K>(n, l, unit, slot);
    } else if (l.needed) {
      forward_row<HARD, SURROGATE, K, true, false>(n, l, unit, slot);
    } else if (K == 4 && l.fired) {
      forward_row<HARD, SURROGATE, K, false, K == 4>(n, l, unit, slot);
    } else {
      forward_row<HARD, SURROGATE, K, false, false>(n, l, unit, slot);
    }
  }
}

// Surrogates that are nowhere zero need every gradient: their backward pass is lif_kernel.cpp's, and
// forward it does not matter which one it is.
template <bool HARD, int K>
void choose_surrogate(const SpikefuseEventLif& l, int64_t begin, int64_t end, char* slot) {
  if (l.surrogate == TRIANGLE) {
    run_units<HARD, TRIANGLE, K>(l, begin, end, slot);
  } else {
    run_units<HARD, BOXCAR, K>(l, begin, end, slot);
  }
}

template <bool HARD>
void choose_pooling(const SpikefuseEventLif& l, int64_t begin, int64_t end, char* slot) {
  if (l.pool) {
    choose_surrogate<HARD, 4>(l, begin, end, slot);
  } else {
    choose_surrogate<HARD, 1>(l, begin, end, slot);
  }
}

}  // namespace

// Forward a unit is a row of windows of one sample; backward it is a sample, whose events of a step
// follow each other.
void SPIKEFUSE_EVENT_LIF(const SpikefuseEventLif& l, int64_t begin, int64_t end, char* slot) {
  if (l.reset == SPIKEFUSE_RESET_HARD) {
    choose_pooling<true>(l, begin, end, slot);
  } else {
    choose_pooling<false>(l, begin, end, slot);
  }
}
