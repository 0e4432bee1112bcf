// Entry points of the library: choice of the instruction set, and sharing the work among threads.

#include "implementation.h"

#include <stdlib.h>

#define SPIKEFUSE_INTERFACE 4  // raise when a record changes; core/library.py checks it

#define DECLARE(name)                                                                       \
  void spikefuse_lif_##name(const SpikefuseLif&, int64_t, int64_t, float*);                 \
  void spikefuse_noise_##name(const SpikefuseNoise&, int64_t, int64_t);                     \
  void spikefuse_event_lif_##name(const SpikefuseEventLif&, int64_t, int64_t, char*);       \
  void spikefuse_conv_plan_##name(const SpikefuseProduct&, SpikefusePlan&);                 \
  void spikefuse_conv_##name(const SpikefuseProduct&, int64_t, int64_t, int64_t, char*, char*); \
  void spikefuse_dense_plan_##name(const SpikefuseProduct&, SpikefusePlan&);                \
  void spikefuse_dense_##name(const SpikefuseProduct&, int64_t, int64_t, int64_t, char*, char*);

#define KERNELS(name)                                                                     \
  spikefuse_lif_##name, spikefuse_noise_##name, spikefuse_event_lif_##name,               \
      spikefuse_conv_plan_##name, spikefuse_conv_##name, spikefuse_dense_plan_##name,     \
      spikefuse_dense_##name

DECLARE(scalar)
DECLARE(portable)
// SPIKEFUSE_HAS_name: the compiler knew the options of that kernel.
#ifdef SPIKEFUSE_HAS_avx2
DECLARE(avx2)
#endif
#ifdef SPIKEFUSE_HAS_avx512
DECLARE(avx512)
#endif
#ifdef SPIKEFUSE_HAS_avx512_bf16
DECLARE(avx512_bf16)
#endif

namespace {

// Below this many neuron updates a second thread costs more than it saves.
constexpr int64_t UPDATES_PER_THREAD = 32768;
constexpr int64_t STACK_STEPS = 64;  // more time steps than this take their scratch from the heap

bool always() { return true; }

#ifdef SPIKEFUSE_HAS_avx2
bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
#endif
#ifdef SPIKEFUSE_HAS_avx512  // its options hold those of avx2
bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif
#ifdef SPIKEFUSE_HAS_avx512_bf16  // a compiler without the kernel may not know the name either
bool has_avx512_bf16() { return has_avx512() && __builtin_cpu_supports("avx512bf16"); }
#endif

// Best first.
const SpikefuseImplementation IMPLEMENTATIONS[] = {
#ifdef SPIKEFUSE_HAS_avx512_bf16
    {"avx512_bf16", KERNELS(avx512_bf16), 16, has_avx512_bf16},
#endif
#ifdef SPIKEFUSE_HAS_avx512
    {"avx512", KERNELS(avx512), 16, has_avx512},
#endif
#ifdef SPIKEFUSE_HAS_avx2
    {"avx2", KERNELS(avx2), 8, has_avx2},
#endif
    {"portable", KERNELS(portable), 4, always},
    {"scalar", KERNELS(scalar), 1, always},
};
constexpr int IMPLEMENTATION_COUNT = sizeof IMPLEMENTATIONS / sizeof IMPLEMENTATIONS[0];

int widest = -1;  // index of the best implementation to use; -1: not chosen yet

int first_usable() {
  int index = 0;
  while (!IMPLEMENTATIONS[index].usable()) ++index;
  return index;
}

// The thread pool of the process, handed over by the wrapper: PyTorch's own OpenMP. Linking one
// here could bring a second pool into the process.
typedef void (*Parallel)(void (*)(void*), void*, unsigned, unsigned);
typedef int (*Number)();
Parallel run_parallel = nullptr;
Number thread_number = nullptr, thread_count = nullptr;

struct Shared {
  SpikefuseWork work;
  void* task;
  int64_t units;
};

void share_in_thread(void* data) {
  const Shared& shared = *(const Shared*)data;
  const int64_t index = thread_number(), count = thread_count();
  shared.work(shared.task, index, shared.units * index / count,
              shared.units * (index + 1) / count);
}

struct Task {
  const SpikefuseLif* lif;
  SpikefuseKernel kernel;
  int64_t units;
  float* heap;  // scratch of all threads, or null: on the stack
};

void run_share(const Task& task, int64_t index, int64_t count) {
  const int64_t begin = task.units * index / count, end = task.units * (index + 1) / count;
  const int64_t floats = task.lif->steps * SPIKEFUSE_SCRATCH_FLOATS;
  if (task.heap) {
    task.kernel(*task.lif, begin, end, task.heap + index * floats);
  } else {
    alignas(64) float scratch[STACK_STEPS * SPIKEFUSE_SCRATCH_FLOATS];
    task.kernel(*task.lif, begin, end, scratch);
  }
}

void run_in_thread(void* data) {
  run_share(*(const Task*)data, thread_number(), thread_count());
}

int64_t useful_threads(int64_t wanted, int64_t units, int64_t updates) {
  if (!run_parallel || wanted < 2) return 1;
  int64_t threads = wanted;
  if (threads > units) threads = units;
  if (threads > updates / UPDATES_PER_THREAD) threads = updates / UPDATES_PER_THREAD;
  return threads > 1 ? threads : 1;
}

int64_t lif_updates(const SpikefuseLif& lif) {
  const int64_t area = lif.pool ? lif.batch * lif.height * lif.width : 1;
  return lif.members * lif.steps * area * lif.channels;
}

struct NoiseTask {
  const SpikefuseNoise* noise;
  SpikefuseNoiseKernel kernel;
  int64_t units;
};

void run_noise_share(const NoiseTask& task, int64_t index, int64_t count) {
  task.kernel(*task.noise, task.units * index / count, task.units * (index + 1) / count);
}

void run_noise_in_thread(void* data) {
  run_noise_share(*(const NoiseTask*)data, thread_number(), thread_count());
}

}  // namespace

const SpikefuseImplementation& spikefuse_best() {
  if (widest < 0) widest = first_usable();
  return IMPLEMENTATIONS[widest];
}

const SpikefuseImplementation& spikefuse_best_for(int64_t channels) {
  const SpikefuseImplementation* found = &spikefuse_best();
  while (found->lanes > channels) ++found;
  return *found;
}

int64_t spikefuse_useful_threads(int64_t wanted, int64_t units, int64_t updates) {
  return useful_threads(wanted, units, updates);
}

void spikefuse_share(int64_t threads, int64_t units, SpikefuseWork work, void* task) {
  Shared shared{work, task, units};
  if (threads > 1) {
    run_parallel(share_in_thread, &shared, (unsigned)threads, 0);
  } else {
    work(task, 0, 0, units);
  }
}

#pragma GCC visibility push(default)
extern "C" {

int spikefuse_interface() { return SPIKEFUSE_INTERFACE; }

int64_t spikefuse_lif_size() { return sizeof(SpikefuseLif); }
int64_t spikefuse_noise_size() { return sizeof(SpikefuseNoise); }

// The instruction set in use.
const char* spikefuse_instructions() {
  return spikefuse_best().name;
}

// The instruction sets that were built, best first, with spaces between them.
const char* spikefuse_kernels() {
  return
#ifdef SPIKEFUSE_HAS_avx512_bf16
      "avx512_bf16 "
#endif
#ifdef SPIKEFUSE_HAS_avx512
      "avx512 "
#endif
#ifdef SPIKEFUSE_HAS_avx2
      "avx2 "
#endif
      "portable scalar";
}

// Use no wider instruction set than the named one; 0 if the processor or the build lacks it.
int spikefuse_restrict(const char* name) {
  for (int i = 0; i < IMPLEMENTATION_COUNT; ++i) {
    const char* known = IMPLEMENTATIONS[i].name;
    int c = 0;
    while (known[c] && known[c] == name[c]) ++c;
    if (known[c] == name[c] && IMPLEMENTATIONS[i].usable()) {
      widest = i;
      return 1;
    }
  }
  return 0;
}

// Addresses of GOMP_parallel, omp_get_thread_num and omp_get_num_threads; nulls: one thread.
void spikefuse_use_pool(void* parallel, void* number, void* count) {
  run_parallel = (Parallel)parallel;
  thread_number = (Number)number;
  thread_count = (Number)count;
}

// Forward or backward. 0, or 1 when memory ran out.
int spikefuse_lif_run(const SpikefuseLif* lif) {
  const int64_t units = lif->members * spikefuse_units_per_member(*lif);
  Task task{lif, spikefuse_best_for(lif->channels).lif, units, nullptr};
  const int64_t threads = useful_threads(lif->threads, units, lif_updates(*lif));
  if (lif->backward && lif->steps > STACK_STEPS) {
    const size_t bytes = threads * lif->steps * SPIKEFUSE_SCRATCH_FLOATS * sizeof(float);
    task.heap = (float*)aligned_alloc(64, bytes);
    if (!task.heap) return 1;
  }
  if (threads > 1) {
    run_parallel(run_in_thread, &task, (unsigned)threads, 0);
  } else {
    run_share(task, 0, 1);
  }
  free(task.heap);
  return 0;
}

void spikefuse_noise_run(const SpikefuseNoise* noise) {
  const int64_t rows = noise->members * noise->steps;
  const int64_t units = rows * spikefuse_noise_units_per_step(*noise);
  NoiseTask task{noise, spikefuse_best().noise, units};
  const int64_t threads = useful_threads(noise->threads, units, rows * noise->count);
  if (threads > 1) {
    run_parallel(run_noise_in_thread, &task, (unsigned)threads, 0);
  } else {
    run_noise_share(task, 0, 1);
  }
}
}
#pragma GCC visibility pop
