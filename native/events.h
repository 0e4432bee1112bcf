// The interface of the event-driven kernels: a neuron that writes bits and lists of events, and the
// products that read them. Plain C layout, mirrored field by field by neurons/lif/events.py and
// networks/population/events.py. The method is explained in docs/events.md.
//
// Every call is for one member of a population. All arrays are contiguous. A row of C spikes is
// (C + 7) / 8 bytes, channel c in bit c % 8 of byte c / 8; bits past the last channel are zero.
// N is T * B: the maps of all time steps, one step after the other.
#pragma once

#include <stdint.h>

// The neuron. H' is H, or H / 2 when pooled; W' likewise.
struct SpikefuseEventLif {
  const float* current;         // [T, B, H, W, C], or [1, B, H, W, C] when is_static (forward alone)
  uint8_t* spikes;              // forward, out: bits [T, B, H', W', C]
  uint8_t* needed;              // forward, out, or null: bits in the same shape, set where a gradient
                                // of the spikes can matter; backward, in
  int64_t* fired;               // forward, out, or null: spikes before pooling in each row of windows
                                // [T, B, H']; pooled, of even height and width, without `needed`
  const float* spike_gradient;  // backward: [T, B, H', W', C]
  // Backward, out: what is not zero in the gradient of the current. The events of map n = t * B + b
  // begin at n * H * W * C; those of its pixel p are the `count[n, p]` from `start[n, p]` there.
  float* value;
  uint16_t* channel;
  uint32_t* start;              // [N, H, W]
  uint16_t* count;              // [N, H, W]
  int64_t* total;               // [B]: events of each sample
  int32_t* broken;              // [B]: 1 where an event is not finite
  int64_t steps, batch, height, width, channels;
  double surrogate_width;
  float leak, threshold;
  int32_t reset;                // SpikefuseReset
  int32_t surrogate;            // code in neurons/surrogate.py
  int32_t is_static, pool, detach_reset, backward, threads;
};

enum SpikefuseOperation {
  SPIKEFUSE_FORWARD = 0,
  SPIKEFUSE_WEIGHT_BY_SPIKES = 1,  // gradients of weight and bias, from spikes and a dense gradient
  SPIKEFUSE_WEIGHT_BY_EVENTS = 2,  // the same from spikes and events
  SPIKEFUSE_INPUT_BY_EVENTS = 3,   // gradient of the input from events
};

// A weighted layer: a 3x3 convolution with padding 1, or a dense layer (height and width 1), which
// finds the events in a dense gradient itself.
struct SpikefuseProduct {
  const uint8_t* spikes;        // bits [N, H, W, C]
  const uint8_t* needed;        // convolutions: bits in the same shape, or null: everywhere
  const float* weight;          // [O, C, 3, 3], or [O, C]
  const float* bias;            // [O]
  const float* gradient;        // [N, H, W, O]
  const float* value;           // convolutions: events of that gradient, as above with C = O
  const uint16_t* channel;
  const uint32_t* start;
  const uint16_t* count;
  float* output;                // [N, H, W, O]; or a gradient in the shape of weight or input
  float* bias_gradient;         // [O]
  int64_t maps, height, width, inputs, outputs;
  int32_t operation, threads;
};

// How an operation is cut into phases, one after the other, each of units that share no output.
// Nothing in it but the memory of a slot depends on the number of threads: sums do not either.
struct SpikefusePlan {
  int64_t phases, units[3];
  int64_t slot_bytes;    // scratch of each thread
  int64_t shared_bytes;  // scratch of all
};

typedef void (*SpikefuseEventLifKernel)(const SpikefuseEventLif&, int64_t begin, int64_t end,
                                        char* slot);
typedef void (*SpikefusePlanKernel)(const SpikefuseProduct&, SpikefusePlan&);
typedef void (*SpikefuseProductKernel)(const SpikefuseProduct&, int64_t phase, int64_t begin,
                                       int64_t end, char* shared, char* slot);

static inline int64_t spikefuse_bytes(int64_t channels) { return (channels + 7) / 8; }
