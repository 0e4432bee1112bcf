// Entry points of the event-driven kernels: scratch memory, and phases shared among threads.

#include "implementation.h"

#include <stdlib.h>

namespace {

constexpr int64_t PIXELS = 4;          // of a window
constexpr int64_t SLACK = 64;          // bytes that rounding an array to a cache line may take
constexpr int64_t LANE_BYTES = 64;     // of the longest vector
constexpr int64_t LIST_BYTES = 6;      // a value and a channel
constexpr int64_t LIST_ENDS = 32;      // entries a list may be written past its end

struct NeuronTask {
  const SpikefuseEventLif* lif;
  SpikefuseEventLifKernel kernel;
  char* slots;
  int64_t slot_bytes;
};

void run_neurons(void* data, int64_t slot, int64_t begin, int64_t end) {
  const NeuronTask& task = *(const NeuronTask*)data;
  task.kernel(*task.lif, begin, end, task.slots + slot * task.slot_bytes);
}

// Enough for what event_lif_kernel.cpp takes, forward or backward.
int64_t neuron_bytes(const SpikefuseEventLif& l) {
  const int64_t rows = l.steps * PIXELS;
  return rows * (LANE_BYTES + (l.channels + LIST_ENDS) * LIST_BYTES + 8) + 8 * l.steps + 8 * SLACK;
}

struct ProductTask {
  const SpikefuseProduct* product;
  SpikefuseProductKernel kernel;
  SpikefusePlan plan;
  int64_t phase;
  char *shared, *slots;
};

void run_product(void* data, int64_t slot, int64_t begin, int64_t end) {
  const ProductTask& task = *(const ProductTask*)data;
  task.kernel(*task.product, task.phase, begin, end, task.shared,
              task.slots + slot * task.plan.slot_bytes);
}

int64_t rounded(int64_t bytes) { return (bytes + 63) / 64 * 64; }

char* allocate(int64_t bytes) { return (char*)aligned_alloc(64, (size_t)rounded(bytes + 64)); }

int run_phases(const SpikefuseProduct& p, SpikefusePlanKernel plan, SpikefuseProductKernel kernel) {
  ProductTask task{&p, kernel, {}, 0, nullptr, nullptr};
  plan(p, task.plan);
  task.plan.slot_bytes = rounded(task.plan.slot_bytes);
  const int64_t updates = p.maps * p.height * p.width * (p.inputs + p.outputs);
  const int64_t units = task.plan.units[1];
  const int64_t threads = spikefuse_useful_threads(p.threads, units, updates);
  task.shared = allocate(task.plan.shared_bytes);
  task.slots = allocate(threads * task.plan.slot_bytes);
  const bool works = task.shared && task.slots;
  for (; works && task.phase < task.plan.phases; ++task.phase) {
    const int64_t parts = task.plan.units[task.phase];
    spikefuse_share(threads < parts ? threads : 1, parts, run_product, &task);
  }
  free(task.slots);
  free(task.shared);
  return works ? 0 : 1;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

int64_t spikefuse_event_lif_size() { return sizeof(SpikefuseEventLif); }
int64_t spikefuse_product_size() { return sizeof(SpikefuseProduct); }

// Forward or backward. 0, or 1 when memory ran out.
int spikefuse_event_lif_run(const SpikefuseEventLif* lif) {
  const int64_t rows = lif->pool ? lif->height / 2 : lif->height;
  const int64_t units = lif->backward ? lif->batch : lif->batch * rows;
  const int64_t updates = lif->steps * lif->batch * lif->height * lif->width * lif->channels;
  const int64_t threads = spikefuse_useful_threads(lif->threads, units, updates);
  NeuronTask task{lif, spikefuse_best_for(lif->channels).event_lif, nullptr,
                  rounded(neuron_bytes(*lif))};
  task.slots = allocate(threads * task.slot_bytes);
  if (!task.slots) return 1;
  spikefuse_share(threads, units, run_neurons, &task);
  free(task.slots);
  return 0;
}

// 0, or 1 when memory ran out.
int spikefuse_conv_run(const SpikefuseProduct* product) {
  const SpikefuseImplementation& best = spikefuse_best();
  return run_phases(*product, best.conv_plan, best.conv);
}

int spikefuse_dense_run(const SpikefuseProduct* product) {
  const SpikefuseImplementation& best = spikefuse_best();
  return run_phases(*product, best.dense_plan, best.dense);
}

// Bits that are set.
int64_t spikefuse_count_bits(const uint8_t* bits, int64_t bytes) {
  int64_t count = 0, at = 0;
  for (; at + 8 <= bytes; at += 8) {
    uint64_t word;
    __builtin_memcpy(&word, bits + at, 8);
    count += __builtin_popcountll(word);
  }
  for (; at < bytes; ++at) count += __builtin_popcount(bits[at]);
  return count;
}

// Bits [rows, channels] as numbers 0 and 1.
void spikefuse_expand_bits(const uint8_t* bits, float* to, int64_t rows, int64_t channels) {
  const int64_t bytes = spikefuse_bytes(channels);
  for (int64_t row = 0; row < rows; ++row, bits += bytes, to += channels) {
    for (int64_t c = 0; c < channels; ++c) to[c] = (float)(bits[c >> 3] >> (c & 7) & 1);
  }
}

// Events of maps of so many pixels and channels as numbers; `to` is filled with zeros before.
void spikefuse_expand_events(const float* value, const uint16_t* channel, const uint32_t* start,
                             const uint16_t* count, float* to, int64_t maps, int64_t pixels,
                             int64_t channels) {
  for (int64_t place = 0; place < maps * pixels; ++place, to += channels) {
    const int64_t from = place / pixels * pixels * channels + start[place];
    for (int64_t k = 0; k < count[place]; ++k) to[channel[from + k]] = value[from + k];
  }
}
}
#pragma GCC visibility pop
