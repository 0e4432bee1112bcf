// The LIF neuron for one instruction set. CMake compiles this file once per set, each time with
// SPIKEFUSE_KERNEL (the name of the entry point) and SPIKEFUSE_LANES (floats in a register).
//
// The equation stands in src/spikefuse/neurons/lif/reference.py. Rounding of the potentials follows
// it: their products and sums are not contracted (-ffp-contract=off), so that float32 spikes equal
// the reference bit for bit. Gradients use fused multiply-add where the processor has it.

#include "lif.h"

#if !defined(SPIKEFUSE_KERNEL) || !defined(SPIKEFUSE_LANES)
#error "compile with -DSPIKEFUSE_KERNEL=name -DSPIKEFUSE_LANES=number"
#endif

#include "neuron.h"

namespace {

constexpr int BLOCK = 4;  // vectors in flight: the four pixels of a window, or four neighbours
// Windows side by side in flight where registers allow: bf16 then fills whole cache lines.
constexpr int WINDOWS = LANES == 16 ? 2 : 1;
constexpr int MOST = BLOCK * WINDOWS;
constexpr int64_t PAST_CACHE_BYTES = 4 << 20;
static_assert(MOST * LANES <= SPIKEFUSE_SCRATCH_FLOATS, "scratch is too small");

// How the current lies in memory and how its gradient is stored.
enum Layout {
  STATIC,    // one current for all steps, gradient summed over them
  STEPWISE,  // one for each step
  STREAMED,  // the same, its gradient stored around the cache
};

// What is known when compiling.
template <class VALUE, bool HARD_RESET, int SURROGATE_CODE, Layout LAYOUT>
struct Form {
  typedef VALUE Value;
  static constexpr bool hard = HARD_RESET;
  static constexpr int surrogate = SURROGATE_CODE;
  static constexpr bool is_static = LAYOUT == STATIC;
  static constexpr bool streamed = LAYOUT == STREAMED;
};

// Where K vectors of neurons lie. `offset` counts values from `current` (and from the membrane).
template <class Value>
struct Block {
  const Value* current;
  int64_t step;         // values from one time step of the current to the next
  int64_t spike_step;   // the same for spikes
  int64_t offset[MOST];
};

template <class F, bool POOL, int K, class Value = typename F::Value>
inline void forward_block(const Neuron& n, int64_t steps, const Block<Value>& at, Value* spikes,
                          float* membrane) {
  Vector v[K], drive[K];
  for (int k = 0; k < K; ++k) {
    v[k] = Vector{};
    drive[k] = load(at.current + at.offset[k]);
  }
  for (int64_t t = 0; t < steps; ++t) {
    Mask any[MOST / BLOCK] = {};
    for (int k = 0; k < K; ++k) {
      if (!F::is_static) drive[k] = load(at.current + at.offset[k] + t * at.step);
      const Vector h = n.leak * v[k] + drive[k];
      const Mask fired = greater(h, n.threshold);
      v[k] = after_reset<F::hard>(n, h, fired);
      any[k / BLOCK] = either(any[k / BLOCK], fired);
      if (!POOL && spikes) store_spikes(spikes + at.offset[k] + t * at.spike_step, fired);
    }
    for (int j = 0; POOL && j < K / BLOCK; ++j) {
      store_spikes(spikes + t * at.spike_step + j * LANES, any[j]);
    }
  }
  if (membrane) {
    for (int k = 0; k < K; ++k) store(membrane + at.offset[k], v[k]);
  }
}

// The potentials h of every step into `potentials` [steps, K].
template <class F, int K, class Value = typename F::Value>
inline void recompute(const Neuron& n, int64_t steps, const Block<Value>& at, Vector* potentials) {
  Vector v[K], drive[K];
  for (int k = 0; k < K; ++k) {
    v[k] = Vector{};
    drive[k] = load(at.current + at.offset[k]);
  }
  for (int64_t t = 0; t < steps; ++t) {
    for (int k = 0; k < K; ++k) {
      if (!F::is_static) drive[k] = load(at.current + at.offset[k] + t * at.step);
      const Vector h = n.leak * v[k] + drive[k];
      potentials[t * K + k] = h;
      v[k] = after_reset<F::hard>(n, h, greater(h, n.threshold));
    }
  }
}

template <class F, bool POOL, int K, class Value = typename F::Value>
inline void backward_block(const Neuron& n, int64_t steps, const Block<Value>& at,
                           const Value* spike_gradient, const float* membrane_gradient,
                           Value* current_gradient, Vector* potentials) {
  recompute<F, K>(n, steps, at, potentials);
  Vector gv[K], sum[K];
  for (int k = 0; k < K; ++k) {
    gv[k] = membrane_gradient ? load(membrane_gradient + at.offset[k]) : Vector{};
    sum[k] = Vector{};
  }
  constexpr int GROUP = K < BLOCK ? K : BLOCK;  // one window at a time keeps its masks in registers
  for (int64_t t = steps - 1; t >= 0; --t) {
    for (int first = 0; first < K; first += GROUP) {
      const Vector* h = potentials + t * K + first;
      Mask fired[GROUP];
      Vector g[GROUP];
      for (int i = 0; i < GROUP; ++i) fired[i] = greater(h[i], n.threshold);
      if constexpr (POOL) {
        const Value* from = spike_gradient + t * at.spike_step + first / BLOCK * LANES;
        unpool(fired, spike_gradient ? load(from) : Vector{}, g);
      } else {
        for (int i = 0; i < GROUP; ++i) {
          const Value* from = spike_gradient + at.offset[first + i] + t * at.spike_step;
          g[i] = spike_gradient ? load(from) : Vector{};
        }
      }
      for (int i = 0; i < GROUP; ++i) {
        const int k = first + i;
        const Vector amount = F::hard ? h[i] * n.gradient_amount : n.gradient_amount;
        const Vector through_spike = subtract_product(g[i], gv[k], amount);
        const Vector kept = F::hard ? keep(inverse(fired[i]), gv[k]) : gv[k];
        const Vector slope = derivative<F::surrogate>(n, h[i] - n.threshold);
        const Vector gh = multiply_add(through_spike, slope, kept);
        gv[k] = n.leak * gh;
        if (F::is_static) {
          sum[k] += gh;
        } else {
          store_gradient<F::streamed>(current_gradient + at.offset[k] + t * at.step, gh);
        }
      }
    }
  }
  if (F::is_static) {
    for (int k = 0; k < K; ++k) store(current_gradient + at.offset[k], sum[k]);
  }
}

// One member's arrays. Spikes and their gradient are never wanted in the same call.
template <class Value>
struct Member {
  Neuron neuron;
  int64_t steps, step, spike_step;
  const Value* current;
  Value* spikes;
  float* membrane;
  const Value* spike_gradient;
  const float* membrane_gradient;
  Value* current_gradient;
  Vector* potentials;
  bool backward;
};

template <class Value>
Member<Value> make_member(const SpikefuseLif& lif, int64_t p, float* scratch) {
  const int64_t area = lif.pool ? lif.batch * lif.height * lif.width : 1;
  const int64_t pooled = lif.pool ? lif.batch * (lif.height / 2) * (lif.width / 2) : 1;
  const int64_t n = area * lif.channels, m = pooled * lif.channels;
  const int64_t values = p * n * (lif.is_static ? 1 : lif.steps), outputs = p * m * lif.steps;
  const auto shifted = [](auto* pointer, int64_t by) { return pointer ? pointer + by : pointer; };
  return {make_neuron(lif.leak[p], lif.threshold[p], lif.reset[p], lif.surrogate,
                      lif.surrogate_width, lif.detach_reset != 0),
          lif.steps,
          lif.is_static ? 0 : n,
          m,
          (const Value*)lif.current + values,
          shifted((Value*)lif.spikes, outputs),
          shifted(lif.membrane, p * n),
          shifted((const Value*)lif.spike_gradient, outputs),
          shifted(lif.membrane_gradient, p * n),
          shifted((Value*)lif.current_gradient, values),
          (Vector*)scratch,
          lif.backward != 0};
}

// Run K full vectors, at `offset` from the member's first neuron. `output` is where a window's
// pooled spikes begin; without pooling spikes lie as the current does.
template <class F, bool POOL, int K>
inline void run_block(const Member<typename F::Value>& m, const int64_t (&offset)[K],
                      int64_t output) {
  Block<typename F::Value> at{m.current, m.step, m.spike_step, {}};
  for (int k = 0; k < K; ++k) at.offset[k] = offset[k];
  if (m.backward) {
    backward_block<F, POOL, K>(
        m.neuron, m.steps, at, m.spike_gradient ? m.spike_gradient + output : nullptr,
        m.membrane_gradient, m.current_gradient, m.potentials);
  } else {
    forward_block<F, POOL, K>(
        m.neuron, m.steps, at, m.spikes ? m.spikes + output : nullptr, m.membrane);
  }
}

// `count` neighbouring neurons from `begin`; at least LANES. The last vector may overlap the one
// before it: its lanes are computed twice, with equal results.
template <class F>
void run_flat(const Member<typename F::Value>& m, int64_t begin, int64_t count) {
  const int64_t end = begin + count;
  int64_t i = begin;
  for (; i + BLOCK * LANES <= end; i += BLOCK * LANES) {
    const int64_t offset[BLOCK] = {i, i + LANES, i + 2 * LANES, i + 3 * LANES};
    run_block<F, false>(m, offset, 0);
  }
  for (; i < end; i += LANES) {
    const int64_t offset[1] = {i + LANES <= end ? i : end - LANES};
    run_block<F, false>(m, offset, 0);
  }
}

// COUNT vectors of channels of the window whose first pixel is at `corner`.
template <class F, int COUNT>
inline void run_windows(const Member<typename F::Value>& m, int64_t corner, int64_t row,
                        int64_t channels, int64_t output) {
  int64_t offset[BLOCK * COUNT];
  for (int j = 0; j < COUNT; ++j) {
    const int64_t at = corner + j * LANES;
    offset[j * BLOCK] = at;
    offset[j * BLOCK + 1] = at + channels;
    offset[j * BLOCK + 2] = at + row;
    offset[j * BLOCK + 3] = at + row + channels;
  }
  run_block<F, true>(m, offset, output);
}

// A pair of rows of one image. What the windows of an odd map leave out never spikes outwards: it
// matters to the final membrane alone.
template <class F>
void run_rows(const SpikefuseLif& lif, const Member<typename F::Value>& m, int64_t unit) {
  const int64_t width = lif.width, channels = lif.channels, half_width = width / 2;
  const int64_t units_per_image = (lif.height + 1) / 2;
  const int64_t image = unit / units_per_image, pair = unit % units_per_image;
  const int64_t row = width * channels;
  const int64_t first = (image * lif.height + 2 * pair) * row;
  const bool whole = 2 * pair + 1 < lif.height;
  Member<typename F::Value> silent = m;
  silent.spikes = nullptr;
  silent.spike_gradient = nullptr;
  const bool rest_matters = m.backward || m.membrane;
  if (!whole) {
    if (rest_matters) run_flat<F>(silent, first, row);
    return;
  }
  const int64_t outputs = (image * (lif.height / 2) + pair) * half_width * channels;
  for (int64_t x = 0; x < half_width; ++x) {
    const int64_t corner = first + 2 * x * channels, output = outputs + x * channels;
    int64_t c = 0;
    for (; WINDOWS == 2 && c + 2 * LANES <= channels; c += 2 * LANES) {
      run_windows<F, 2>(m, corner + c, row, channels, output + c);
    }
    for (; c < channels; c += LANES) {
      const int64_t at = c + LANES <= channels ? c : channels - LANES;  // may overlap, as above
      run_windows<F, 1>(m, corner + at, row, channels, output + at);
    }
  }
  if (width % 2 && rest_matters) {
    const int64_t last = first + (width - 1) * channels;
    run_flat<F>(silent, last, channels);
    run_flat<F>(silent, last + row, channels);
  }
}

template <class F>
void run_units(const SpikefuseLif& lif, int64_t p, int64_t begin, int64_t end, float* scratch) {
  const auto m = make_member<typename F::Value>(lif, p, scratch);
  for (int64_t unit = begin; unit < end; ++unit) {
    if (lif.pool) {
      run_rows<F>(lif, m, unit);
    } else {
      const int64_t first = unit * SPIKEFUSE_FLAT_UNIT;
      const bool last = unit + 1 == spikefuse_units_per_member(lif);
      const int64_t count = last ? lif.channels - first : SPIKEFUSE_FLAT_UNIT;
      run_flat<F>(m, first, count);
    }
  }
}

// A gradient larger than the cache is stored around it, which saves reading it first. Streaming
// stores need alignment and pay for whole cache lines only.
bool is_streamed(const SpikefuseLif& lif) {
  const int64_t area = lif.pool ? lif.batch * lif.height * lif.width : 1;
  const int64_t values = lif.members * lif.steps * area * lif.channels;
  return lif.backward && values * (lif.bf16 ? 2 : 4) >= PAST_CACHE_BYTES &&
         lif.channels % (WINDOWS * LANES) == 0 && (uintptr_t)lif.current_gradient % 64 == 0;
}

// From run-time settings to template arguments, one at a time.
template <class Value, bool HARD, int SURROGATE>
void choose_layout(const SpikefuseLif& lif, int64_t p, int64_t begin, int64_t end, float* scratch) {
  if (lif.is_static) {
    run_units<Form<Value, HARD, SURROGATE, STATIC>>(lif, p, begin, end, scratch);
  } else if (STREAMS && is_streamed(lif)) {
    run_units<Form<Value, HARD, SURROGATE, STREAMS ? STREAMED : STEPWISE>>(lif, p, begin, end,
                                                                           scratch);
  } else {
    run_units<Form<Value, HARD, SURROGATE, STEPWISE>>(lif, p, begin, end, scratch);
  }
}

template <class Value, bool HARD>
void choose_surrogate(const SpikefuseLif& lif, int64_t p, int64_t begin, int64_t end,
                      float* scratch) {
  switch (lif.surrogate) {
    case ATAN: return choose_layout<Value, HARD, ATAN>(lif, p, begin, end, scratch);
    case FAST_SIGMOID: return choose_layout<Value, HARD, FAST_SIGMOID>(lif, p, begin, end, scratch);
    case TRIANGLE: return choose_layout<Value, HARD, TRIANGLE>(lif, p, begin, end, scratch);
    default: return choose_layout<Value, HARD, BOXCAR>(lif, p, begin, end, scratch);
  }
}

template <class Value>
void choose_reset(const SpikefuseLif& lif, int64_t p, int64_t begin, int64_t end, float* scratch) {
  if (lif.reset[p] == SPIKEFUSE_RESET_HARD) {
    choose_surrogate<Value, true>(lif, p, begin, end, scratch);
  } else {
    choose_surrogate<Value, false>(lif, p, begin, end, scratch);
  }
}

}  // namespace

// Units [begin, end) of all members laid end to end.
void SPIKEFUSE_KERNEL(const SpikefuseLif& lif, int64_t begin, int64_t end, float* scratch) {
  const int64_t per_member = spikefuse_units_per_member(lif);
  while (begin < end) {
    const int64_t p = begin / per_member, first = begin - p * per_member;
    const int64_t left = end - p * per_member;
    const int64_t stop = left < per_member ? left : per_member;
    if (lif.bf16) {
      choose_reset<BFloat16>(lif, p, first, stop, scratch);
    } else {
      choose_reset<float>(lif, p, first, stop, scratch);
    }
    begin = p * per_member + stop;
  }
  fence_streams();
}
