// What the library's files share: the kernels of each instruction set and the pool of threads.
#pragma once

#include "events.h"
#include "lif.h"
#include "noise.h"

struct SpikefuseImplementation {
  const char* name;
  SpikefuseKernel lif;
  SpikefuseNoiseKernel noise;
  SpikefuseEventLifKernel event_lif;
  SpikefusePlanKernel conv_plan;
  SpikefuseProductKernel conv;
  SpikefusePlanKernel dense_plan;
  SpikefuseProductKernel dense;
  int64_t lanes;
  bool (*usable)();
};

// The widest that may be used, and the widest whose vectors are no longer than a run of channels.
const SpikefuseImplementation& spikefuse_best();
const SpikefuseImplementation& spikefuse_best_for(int64_t channels);

// Threads that are worth waking for so many units and updates of values.
int64_t spikefuse_useful_threads(int64_t wanted, int64_t units, int64_t updates);

// Share units [0, units) among threads; `slot` tells them apart.
typedef void (*SpikefuseWork)(void* task, int64_t slot, int64_t begin, int64_t end);
void spikefuse_share(int64_t threads, int64_t units, SpikefuseWork work, void* task);
