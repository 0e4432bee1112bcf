// A dense layer by events, for one instruction set: output from spikes, gradients of weight and input
// from spikes or from what is not zero in the output's gradient.
//
// All four are one loop: rows of sums, each of which adds the listed rows of a table. The table is
// cut into segments that fit the first cache and blocks of columns that fit the registers; what does
// not lie in memory that way is turned, piece by piece, when its turn comes.

#include "bits.h"
#include "events.h"

namespace {

constexpr int64_t ENTRIES = 96;     // rows of a table: 24 KiB with a block of 64; a multiple of 32
constexpr int64_t MOST_ROWS = 512;  // rows of sums at once: in the second cache
constexpr int WIDEST = LANES >= 8 ? 64 / LANES : 8;  // vectors a block

// sums[row, column] += value * table[entry, column] over the listed entries of the row.
//
// | operation        | row    | entry  | column | value    | table    |
// |------------------|--------|--------|--------|----------|----------|
// | output           | sample | input  | output | 1        | weight   |
// | weight by spikes | input  | sample | output | 1        | gradient |
// | weight by events | output | sample | input  | gradient | spikes   |
// | input by events  | sample | output | input  | gradient | weight   |
struct Gather {
  int64_t rows, entries, columns;
  int64_t vectors, blocks;        // of columns: vectors a block
  int64_t segments;               // of the entries
  int64_t chunks, chunk_rows;     // of the rows
  bool valued;
  bool by_segment;                // lists are made by segment, each of all rows; else by row
  int64_t lists, length, cuts;    // lists, most entries of each, cuts of each
  uint16_t* entry;                // [lists, length + slack]: places in a segment
  float* value;                   // the same, where events have values
  uint32_t* cut;                  // [lists, cuts]

  int64_t lanes() const { return vectors * LANES; }
  int64_t list_of(int64_t row, int64_t segment) const { return by_segment ? segment : row; }
  const uint32_t* cuts_of(int64_t row, int64_t segment) const {
    return cut + list_of(row, segment) * cuts + (by_segment ? row : segment);
  }
  int64_t begin_of(int64_t row, int64_t segment) const {
    return list_of(row, segment) * (length + LIST_SLACK);
  }
};

int64_t parts_of(int64_t count, int64_t each) { return (count + each - 1) / each; }

// The cheapest of 1, 2, 4, 8 vectors a block: an event costs one step more than its vectors.
void choose_blocks(Gather& g) {
  const int64_t vectors = parts_of(g.columns, LANES);
  g.vectors = 1;
  g.blocks = vectors;
  for (int64_t each = 2; each <= WIDEST; each *= 2) {
    const int64_t blocks = parts_of(vectors, each);
    if (blocks * (each + 1) <= g.blocks * (g.vectors + 1)) {
      g.vectors = each;
      g.blocks = blocks;
    }
  }
}

Gather make_gather(const SpikefuseProduct& p, Carver& carver) {
  Gather g;
  const int operation = p.operation;
  g.by_segment = operation == SPIKEFUSE_WEIGHT_BY_SPIKES || operation == SPIKEFUSE_WEIGHT_BY_EVENTS;
  g.valued = operation == SPIKEFUSE_INPUT_BY_EVENTS || operation == SPIKEFUSE_WEIGHT_BY_EVENTS;
  g.columns = g.valued ? p.inputs : p.outputs;
  g.rows = !g.by_segment ? p.maps : g.valued ? p.outputs : p.inputs;
  g.entries = g.by_segment ? p.maps : g.valued ? p.outputs : p.inputs;
  choose_blocks(g);
  g.segments = parts_of(g.entries, ENTRIES);
  g.chunks = parts_of(g.rows, MOST_ROWS);
  g.chunk_rows = parts_of(g.rows, g.chunks);
  g.lists = g.by_segment ? g.segments : g.rows;
  g.cuts = (g.by_segment ? g.rows : g.segments) + 1;
  g.length = g.by_segment ? ENTRIES * g.rows : g.entries;
  g.entry = carver.take<uint16_t>(g.lists * (g.length + LIST_SLACK));
  g.value = carver.take<float>(g.valued ? g.lists * (g.length + LIST_SLACK) : 0);
  g.cut = carver.take<uint32_t>(g.lists * g.cuts);
  return g;
}

// ---- lists --------------------------------------------------------------------------------------

// Active inputs of one sample, by segment.
void list_spikes(const Gather& g, const uint8_t* bits, int64_t sample) {
  const int64_t bytes = spikefuse_bytes(g.entries);
  uint16_t* const first = g.entry + sample * (g.length + LIST_SLACK);
  uint32_t* cut = g.cut + sample * g.cuts;
  uint16_t* to = first;
  for (int64_t at = 0; at < bytes; at += 4) {
    const int64_t place = at * 8 % ENTRIES;
    if (place == 0) *cut++ = (uint32_t)(to - first);
    const uint32_t word = word_at(bits + sample * bytes, at, bytes);
    if (word) to = append_places(word, (uint32_t)place, to);
  }
  *cut = (uint32_t)(to - first);
}

// What is not zero in one sample's gradient, by segment of the outputs.
void list_gradient(const Gather& g, const float* gradient, int64_t sample) {
  const float* row = gradient + sample * g.entries;
  const int64_t begin = sample * (g.length + LIST_SLACK);
  uint32_t* cut = g.cut + sample * g.cuts;
  uint32_t found = 0;
  for (int64_t segment = 0; segment < g.segments; ++segment) {
    *cut++ = found;
    const int64_t first = segment * ENTRIES;
    const int64_t end = first + ENTRIES < g.entries ? first + ENTRIES : g.entries;
    int64_t i = first;
    for (; i + LANES <= end; i += LANES) {
      const Vector values = load(row + i);
      const uint32_t marked = bits_of(nonzero(values));
      if (!marked) continue;
      append_values(values, marked, i - first, g.value + begin + found, g.entry + begin + found);
      found += (uint32_t)__builtin_popcount(marked);
    }
    for (; i < end; ++i) {
      if (row[i] == 0.0f) continue;  // NaN is not equal
      g.value[begin + found] = row[i];
      g.entry[begin + found++] = (uint16_t)(i - first);
    }
  }
  *cut = found;
}

// Lists of one segment of the samples by row: `each` calls back with every (row, sample, value), in
// the order of the samples; it is gone through twice, to count and to place.
template <class Each>
void sort_by_row(const Gather& g, int64_t segment, Each each) {
  const int64_t begin = segment * (g.length + LIST_SLACK);
  uint32_t* const cut = g.cut + segment * g.cuts;
  for (int64_t i = 0; i < g.cuts; ++i) cut[i] = 0;
  each([&](int64_t row, int64_t, float) { ++cut[row + 1]; });
  for (int64_t i = 1; i < g.cuts; ++i) cut[i] += cut[i - 1];
  each([&](int64_t row, int64_t sample, float value) {
    const int64_t to = begin + cut[row]++;
    g.entry[to] = (uint16_t)sample;
    if (g.valued) g.value[to] = value;
  });
  // Each cut has moved to where the next one was.
  for (int64_t i = g.cuts - 1; i > 0; --i) cut[i] = cut[i - 1];
  cut[0] = 0;
}

void list_segment(const SpikefuseProduct& p, const Gather& g, int64_t segment) {
  const int64_t begin = segment * ENTRIES, bytes = spikefuse_bytes(p.inputs);
  const int64_t end = begin + ENTRIES < p.maps ? begin + ENTRIES : p.maps;
  if (g.valued) {
    sort_by_row(g, segment, [&](auto use) {
      for (int64_t sample = begin; sample < end; ++sample) {
        const float* row = p.gradient + sample * p.outputs;
        for (int64_t o = 0; o < p.outputs; ++o) {
          if (row[o] != 0.0f) use(o, sample - begin, row[o]);
        }
      }
    });
    return;
  }
  sort_by_row(g, segment, [&](auto use) {
    for (int64_t sample = begin; sample < end; ++sample) {
      for (int64_t at = 0; at < bytes; at += 4) {
        for (uint32_t word = word_at(p.spikes + sample * bytes, at, bytes); word;
             word &= word - 1) {
          use(at * 8 + __builtin_ctz(word), sample - begin, 1.0f);
        }
      }
    }
  });
}

// ---- tables --------------------------------------------------------------------------------------

// to[j, i] = from[i, j] for i and j below 8.
inline void turn_eight(const float* from, int64_t stride, float* to, int64_t to_stride) {
#if defined(__AVX2__)
  __m256 r[8], s[8];
  for (int i = 0; i < 8; ++i) r[i] = _mm256_loadu_ps(from + i * stride);
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xee);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xee);
  }
  for (int i = 0; i < 4; ++i) {
    _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * to_stride, _mm256_permute2f128_ps(r[i], r[i + 4], 0x31));
  }
#else
  for (int64_t i = 0; i < 8; ++i) {
    for (int64_t j = 0; j < 8; ++j) to[j * to_stride + i] = from[i * stride + j];
  }
#endif
}

// to[j, i] = from[i, j] for i below `down` and j below `across`.
void turn(const float* from, int64_t stride, int64_t down, int64_t across, float* to,
          int64_t to_stride) {
  int64_t i = 0;
  for (; i + 8 <= down; i += 8) {
    int64_t j = 0;
    for (; j + 8 <= across; j += 8) {
      turn_eight(from + i * stride + j, stride, to + j * to_stride + i, to_stride);
    }
    for (; j < across; ++j) {
      for (int64_t k = i; k < i + 8; ++k) to[j * to_stride + k] = from[k * stride + j];
    }
  }
  for (; i < down; ++i) {
    for (int64_t j = 0; j < across; ++j) to[j * to_stride + i] = from[i * stride + j];
  }
}

// One block of columns of one segment of the entries: [ENTRIES, lanes], zero past the last column.
template <int NV>
void fill_table(const SpikefuseProduct& p, const Gather& g, int64_t block, int64_t segment,
                float* table) {
  constexpr int64_t lanes = NV * LANES;
  const int64_t column = block * lanes, first = segment * ENTRIES;
  const int64_t left = g.columns - column < lanes ? g.columns - column : lanes;
  const int64_t count = g.entries - first < ENTRIES ? g.entries - first : ENTRIES;
  if (left < lanes) {
    for (int64_t i = 0; i < count * lanes; ++i) table[i] = 0.0f;
  }
  if (p.operation == SPIKEFUSE_FORWARD) {
    turn(p.weight + column * p.inputs + first, p.inputs, left, count, table, lanes);
  } else if (p.operation == SPIKEFUSE_WEIGHT_BY_EVENTS) {
    const int64_t bytes = spikefuse_bytes(p.inputs);
    for (int64_t i = 0; i < count; ++i) {
      for (int j = 0; j < NV; ++j) {
        const uint32_t bits = lane_bits(p.spikes + (first + i) * bytes, column + j * LANES, bytes);
        store(table + i * lanes + j * LANES, ones_where(bits));
      }
    }
  } else {
    const float* from = g.valued ? p.weight : p.gradient;
    for (int64_t i = 0; i < count; ++i) {
      __builtin_memcpy(table + i * lanes, from + (first + i) * g.columns + column,
                       left * sizeof(float));
    }
  }
}

// ---- sums ----------------------------------------------------------------------------------------

// A segment is summed by itself and then added: shorter sums of sums round less than one long one.
template <int NV, bool VALUED>
inline void add_entries(const uint16_t* k, const uint16_t* end, const float* value,
                        const float* table, float* to) {
  Vector sum[NV];
  for (int j = 0; j < NV; ++j) sum[j] = Vector{};
  for (; k < end; ++k) {
    const float* from = table + (size_t)*k * (NV * LANES);
    if constexpr (VALUED) {
      const Vector v = all(*value++);
      for (int j = 0; j < NV; ++j) sum[j] = multiply_add(v, load(from + j * LANES), sum[j]);
    } else {
      for (int j = 0; j < NV; ++j) sum[j] += load(from + j * LANES);
    }
  }
  for (int j = 0; j < NV; ++j) store(to + j * LANES, load(to + j * LANES) + sum[j]);
}

// The bias's gradient of one block of outputs: the sum of a table over its samples.
template <int NV>
void add_bias(const float* table, int64_t count, float* bias) {
  constexpr int64_t lanes = NV * LANES;
  for (int64_t i = 0; i < count; ++i) {
    for (int64_t j = 0; j < lanes; ++j) bias[j] += table[i * lanes + j];
  }
}

// The same of listed outputs.
void sum_values(const Gather& g, int64_t row, int64_t rows, float* bias) {
  for (int64_t r = row; r < row + rows; ++r) {
    float sum = 0.0f;
    for (int64_t segment = 0; segment < g.segments; ++segment) {
      const uint32_t* cut = g.cuts_of(r, segment);
      const float* value = g.value + g.begin_of(r, segment);
      for (uint32_t k = cut[0]; k < cut[1]; ++k) sum += value[k];
    }
    bias[r] = sum;
  }
}

// One chunk of rows and one block of columns. Sums go through memory between segments.
template <int NV, bool VALUED>
void gather(const SpikefuseProduct& p, const Gather& g, int64_t unit, char* slot) {
  constexpr int64_t lanes = NV * LANES;
  Carver carver{slot, 0};
  float* table = carver.take<float>(ENTRIES * lanes);
  float* sums = carver.take<float>(g.chunk_rows * lanes);
  const int64_t block = unit % g.blocks, row = unit / g.blocks * g.chunk_rows;
  const int64_t rows = g.rows - row < g.chunk_rows ? g.rows - row : g.chunk_rows;
  const int64_t column = block * lanes;
  const int64_t left = g.columns - column < lanes ? g.columns - column : lanes;
  const bool has_bias = p.operation == SPIKEFUSE_WEIGHT_BY_SPIKES && row == 0;
  alignas(64) float first[lanes] = {}, bias[lanes] = {};
  if (p.operation == SPIKEFUSE_FORWARD) {
    __builtin_memcpy(first, p.bias + column, left * sizeof(float));
  }
  for (int64_t r = 0; r < rows; ++r) __builtin_memcpy(sums + r * lanes, first, sizeof first);
  for (int64_t segment = 0; segment < g.segments; ++segment) {
    fill_table<NV>(p, g, block, segment, table);
    for (int64_t r = 0; r < rows; ++r) {
      const uint32_t* cut = g.cuts_of(row + r, segment);
      if (cut[0] == cut[1]) continue;
      const int64_t begin = g.begin_of(row + r, segment);
      add_entries<NV, VALUED>(g.entry + begin + cut[0], g.entry + begin + cut[1],
                              VALUED ? g.value + begin + cut[0] : nullptr, table, sums + r * lanes);
    }
    const int64_t from = segment * ENTRIES;
    const int64_t count = g.entries - from < ENTRIES ? g.entries - from : ENTRIES;
    if (has_bias) add_bias<NV>(table, count, bias);
  }
  if (has_bias) __builtin_memcpy(p.bias_gradient + column, bias, left * sizeof(float));
  if (p.operation == SPIKEFUSE_WEIGHT_BY_EVENTS && block == 0) {
    sum_values(g, row, rows, p.bias_gradient);
  }
  if (p.operation == SPIKEFUSE_WEIGHT_BY_SPIKES) {
    turn(sums, lanes, rows, left, p.output + column * p.inputs + row, p.inputs);
    return;
  }
  for (int64_t r = 0; r < rows; ++r) {
    __builtin_memcpy(p.output + (row + r) * g.columns + column, sums + r * lanes,
                     left * sizeof(float));
  }
}

template <bool VALUED>
void choose_width(const SpikefuseProduct& p, const Gather& g, int64_t unit, char* slot) {
  switch (g.vectors) {
    case 1: return gather<1, VALUED>(p, g, unit, slot);
    case 2: return gather<2, VALUED>(p, g, unit, slot);
    case 4: return gather<4, VALUED>(p, g, unit, slot);
    default: return gather<8, VALUED>(p, g, unit, slot);
  }
}

void make_list(const SpikefuseProduct& p, const Gather& g, int64_t unit) {
  if (g.by_segment) {
    list_segment(p, g, unit);
  } else if (g.valued) {
    list_gradient(g, p.gradient, unit);
  } else {
    list_spikes(g, p.spikes, unit);
  }
}

}  // namespace

void SPIKEFUSE_DENSE_PLAN(const SpikefuseProduct& p, SpikefusePlan& plan) {
  Carver shared{nullptr, 0}, slot{nullptr, 0};
  const Gather g = make_gather(p, shared);
  slot.take<float>(ENTRIES * g.lanes());
  slot.take<float>(g.chunk_rows * g.lanes());
  plan = {2, {g.lists, g.blocks * g.chunks, 0}, slot.used, shared.used};
}

// First the lists, then the sums.
void SPIKEFUSE_DENSE(const SpikefuseProduct& p, int64_t phase, int64_t begin, int64_t end,
                     char* shared, char* slot) {
  Carver carver{shared, 0};
  const Gather g = make_gather(p, carver);
  for (int64_t unit = begin; unit < end; ++unit) {
    if (phase == 0) {
      make_list(p, g, unit);
    } else if (g.valued) {
      choose_width<true>(p, g, unit, slot);
    } else {
      choose_width<false>(p, g, unit, slot);
    }
  }
}
