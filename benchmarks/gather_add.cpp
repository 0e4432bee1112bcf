// The practical rate of additions on a core: listed rows of a table in the first cache, each loaded and
// added to sums in registers, and nothing else. What products by events can at best reach.

#include <cstdint>

typedef float Vector __attribute__((vector_size(LANES * 4)));

extern "C" void gather_add(const float* table, const uint32_t* entry, int64_t entries,
                           int64_t rounds, float* out) {
  constexpr int VECTORS = 64 / LANES;
  Vector sum[VECTORS] = {};
  for (int64_t round = 0; round < rounds; ++round) {
    for (int64_t k = 0; k < entries; ++k) {
      const float* from = table + (uint64_t)entry[k] * 64;
      for (int j = 0; j < VECTORS; ++j) {
        Vector value;
        __builtin_memcpy(&value, from + j * LANES, sizeof value);
        sum[j] += value;
      }
    }
  }
  __builtin_memcpy(out, sum, sizeof sum);
}
