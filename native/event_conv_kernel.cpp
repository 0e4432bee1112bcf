// A 3x3 convolution with padding 1 by events, for one instruction set: output from spikes, gradients
// of weight and input from spikes or events. Channels-last.
//
// Two loops do all of it, each with its sums in registers and one load and one addition (or fused
// multiply-add) a vector and event:
// - `sum_rows` (output; gradient of the input): events of a map's row are listed by column, so that
//   what a pixel needs from one row is one contiguous range; the weights of one kernel row stay in
//   the first cache.
// - `correlate` (gradients of the weight): events are listed by channel, and each adds three
//   neighbouring pixels of a padded map to the three weights of a kernel row.

#include "bits.h"
#include "events.h"

namespace {

constexpr int64_t TABLE_BYTES = 32 << 10;   // a kernel row's weights: the first cache
constexpr int64_t TILE_BYTES = 64 << 10;   // padded maps that are correlated at once: the second
constexpr int64_t PART_BYTES = 32 << 20;    // sums over parts of the maps, all of them
constexpr int64_t MOST_PARTS = 16;
constexpr int64_t MOST_CORRELATED = 2;      // vectors a block; a tile of more leaves the first cache

// Channels in blocks of whole vectors that fit into registers.
struct Blocks {
  int64_t vectors, blocks;  // vectors a block
  int64_t lanes() const { return vectors * LANES; }
  int64_t padded() const { return vectors * LANES * blocks; }
};

// The cheapest of 1, 2, 4, 8 vectors a block: an event costs one step more than its vectors.
Blocks make_blocks(int64_t channels, int64_t most) {
  const int64_t vectors = (channels + LANES - 1) / LANES;
  Blocks best{1, vectors};
  for (int64_t each = 2; each <= most; each *= 2) {
    const int64_t blocks = (vectors + each - 1) / each;
    if (blocks * (each + 1) <= best.blocks * (best.vectors + 1)) best = {each, blocks};
  }
  return best;
}

// ---- output, and gradient of the input --------------------------------------------------------

struct RowSums {
  Blocks blocks;          // of the channels that are written
  int64_t from, to;       // channels that are read and written
  int64_t height, width;
  bool valued;            // events rather than spikes
};

RowSums row_sums(const SpikefuseProduct& p) {
  const bool valued = p.operation == SPIKEFUSE_INPUT_BY_EVENTS;
  const int64_t from = valued ? p.outputs : p.inputs, to = valued ? p.inputs : p.outputs;
  const int64_t most = 3 * from * 8 * LANES * 4 > TABLE_BYTES ? 4 : 8;
  return {make_blocks(to, most), from, to, p.height, p.width, valued};
}

// The weights as [block][kernel row][kernel column][from][lanes], for the gradient turned about.
void lay_out(const SpikefuseProduct& p, const RowSums& s, float* table) {
  const int64_t lanes = s.blocks.lanes();
  for (int64_t block = 0; block < s.blocks.blocks; ++block) {
    for (int64_t tap = 0; tap < 9; ++tap) {
      for (int64_t f = 0; f < s.from; ++f) {
        for (int64_t j = 0; j < lanes; ++j) {
          const int64_t t = block * lanes + j;
          const int64_t out = s.valued ? f : t, in = s.valued ? t : f;
          const bool exists = t < s.to;
          *table++ = exists ? p.weight[(out * p.inputs + in) * 9 + (s.valued ? 8 - tap : tap)] : 0;
        }
      }
    }
  }
}

// The events of one map, by row and column.
struct RowLists {
  uint32_t* entry;   // column * from + channel
  float* value;      // beside each entry, where events have values
  uint32_t* cut;     // [H, W + 1]: where the entries of a column begin
  uint8_t* wanted;   // [H, W]: whether a pixel's sum matters; null: all do
  float* padded;     // [H, W, lanes] for a block that is not full
};

RowLists make_lists(const RowSums& s, Carver& carver) {
  const int64_t pixels = s.height * s.width, most = pixels * s.from + 2 * LIST_SLACK;
  RowLists lists;
  lists.entry = carver.take<uint32_t>(most);
  lists.value = carver.take<float>(s.valued ? most : 0);
  lists.cut = carver.take<uint32_t>(s.height * (s.width + 1));
  lists.wanted = carver.take<uint8_t>(pixels);
  lists.padded = carver.take<float>(pixels * s.blocks.lanes());
  return lists;
}

void list_spikes(const SpikefuseProduct& p, const RowSums& s, int64_t map, RowLists& lists) {
  const int64_t bytes = spikefuse_bytes(s.from);
  const uint8_t* row = p.spikes + map * s.height * s.width * bytes;
  uint32_t *to = lists.entry, *cut = lists.cut;
  for (int64_t y = 0; y < s.height; ++y) {
    for (int64_t x = 0; x < s.width; ++x, row += bytes) {
      *cut++ = (uint32_t)(to - lists.entry);
      for (int64_t at = 0; at < bytes; at += 4) {
        const uint32_t word = word_at(row, at, bytes);
        if (word) to = append_places(word, (uint32_t)(x * s.from + at * 8), to);
      }
    }
    *cut++ = (uint32_t)(to - lists.entry);
  }
}

// One pixel's events. In whole pieces, at least one, where those stay among the map's events: most
// pixels have fewer, and their number is not to be foreseen. The next pixel overwrites the rest.
void copy_events(const uint16_t* channel, const float* value, uint32_t count, uint32_t left,
                 uint32_t column, uint32_t* entry, float* to) {
  if (left < count + LIST_SLACK) {
    for (uint32_t k = 0; k < count; ++k) {
      entry[k] = column + channel[k];
      to[k] = value[k];
    }
    return;
  }
  uint32_t k = 0;
  do {
    for (int i = 0; i < LIST_SLACK; ++i) entry[k + i] = column + channel[k + i];
    __builtin_memcpy(to + k, value + k, LIST_SLACK * sizeof(float));
    k += LIST_SLACK;
  } while (k < count);
}

void list_events(const SpikefuseProduct& p, const RowSums& s, int64_t map, RowLists& lists) {
  const int64_t pixels = s.height * s.width, bytes = spikefuse_bytes(s.to);
  const float* value = p.value + map * pixels * s.from;
  const uint16_t* channel = p.channel + map * pixels * s.from;
  uint32_t at = 0, *cut = lists.cut;
  for (int64_t y = 0; y < s.height; ++y) {
    for (int64_t x = 0; x < s.width; ++x) {
      const int64_t pixel = y * s.width + x, place = map * pixels + pixel;
      const uint32_t from = p.start[place], count = p.count[place];
      *cut++ = at;
      copy_events(channel + from, value + from, count, (uint32_t)(pixels * s.from) - from,
                  (uint32_t)(x * s.from), lists.entry + at, lists.value + at);
      at += count;
      uint8_t some = p.needed ? 0 : 1;
      for (int64_t i = 0; p.needed && i < bytes; ++i) some |= p.needed[place * bytes + i];
      lists.wanted[pixel] = some;
    }
    *cut++ = at;
  }
}

// Entries [k, end) of a row added up; `shift` is what an entry is ahead of its weights.
template <int NV, bool VALUED>
inline void add_entries(const uint32_t* k, const uint32_t* end, const float* value,
                        const float* table, int64_t shift, Vector (&sum)[NV]) {
  constexpr uintptr_t stride = NV * LANES * sizeof(float);
  const uintptr_t base = (uintptr_t)table - (uintptr_t)shift * stride;
  const auto weights = [base](uint32_t entry) { return (const float*)(base + entry * stride); };
  if constexpr (VALUED && NV <= 4) {  // two chains: a fused multiply-add takes four or five cycles
    Vector other[NV];
    for (int j = 0; j < NV; ++j) other[j] = Vector{};
    for (; k + 1 < end; k += 2, value += 2) {
      const float *w = weights(k[0]), *u = weights(k[1]);
      const Vector a = all(value[0]), b = all(value[1]);
      for (int j = 0; j < NV; ++j) sum[j] = multiply_add(a, load(w + j * LANES), sum[j]);
      for (int j = 0; j < NV; ++j) other[j] = multiply_add(b, load(u + j * LANES), other[j]);
    }
    for (int j = 0; j < NV; ++j) sum[j] += other[j];
  }
  for (; k < end; ++k) {
    const float* w = weights(*k);
    if constexpr (VALUED) {
      const Vector a = all(*value++);
      for (int j = 0; j < NV; ++j) sum[j] = multiply_add(a, load(w + j * LANES), sum[j]);
    } else {
      for (int j = 0; j < NV; ++j) sum[j] += load(w + j * LANES);
    }
  }
}

constexpr int64_t KERNEL_ROWS[3] = {1, 0, 2};

// One block of channels of one map. One kernel row at a time: its weights stay in the first cache,
// sums go through memory between kernel rows, each summed by itself: shorter sums of sums round less
// than one long one. The middle row reaches every pixel and goes first.
template <int NV, bool VALUED>
void sum_rows(const RowSums& s, const RowLists& lists, const float* table, const float* first,
              float* out, int64_t stride) {
  const int64_t kernel_row = 3 * s.from * NV * LANES;
  for (const int64_t i : KERNEL_ROWS) {
    for (int64_t y = i == 0; y < (i == 2 ? s.height - 1 : s.height); ++y) {
      const int64_t r = y + i - 1;
      const uint32_t* cut = lists.cut + r * (s.width + 1);
      for (int64_t x = 0; x < s.width; ++x) {
        float* to = out + (y * s.width + x) * stride;
        const uint32_t from = cut[x ? x - 1 : 0], end = cut[x + 2 > s.width ? s.width : x + 2];
        const bool wanted = !VALUED || lists.wanted[y * s.width + x];
        if (i != 1 && (from == end || !wanted)) continue;
        Vector sum[NV];
        for (int j = 0; j < NV; ++j) sum[j] = Vector{};
        if (wanted) {
          add_entries<NV, VALUED>(lists.entry + from, lists.entry + end,
                                  VALUED ? lists.value + from : nullptr, table + i * kernel_row,
                                  (x - 1) * s.from, sum);
        }
        const float* before = i == 1 ? first : to;
        for (int j = 0; j < NV; ++j) store(to + j * LANES, load(before + j * LANES) + sum[j]);
      }
    }
  }
}

template <int NV, bool VALUED>
void sum_maps(const SpikefuseProduct& p, const RowSums& s, int64_t begin, int64_t end,
              const float* table, char* slot) {
  constexpr int64_t lanes = NV * LANES;
  Carver carver{slot, 0};
  RowLists lists = make_lists(s, carver);
  const int64_t pixels = s.height * s.width, block_table = 9 * s.from * lanes;
  for (int64_t map = begin; map < end; ++map) {
    if (VALUED) {
      list_events(p, s, map, lists);
    } else {
      list_spikes(p, s, map, lists);
    }
    for (int64_t block = 0; block < s.blocks.blocks; ++block) {
      const int64_t c = block * lanes, left = s.to - c < lanes ? s.to - c : lanes;
      alignas(64) float first[lanes] = {};
      if (!VALUED) __builtin_memcpy(first, p.bias + c, left * sizeof(float));
      float* out = p.output + map * pixels * s.to + c;
      const bool full = left == lanes;
      sum_rows<NV, VALUED>(s, lists, table + block * block_table, first, full ? out : lists.padded,
                           full ? s.to : lanes);
      for (int64_t i = 0; !full && i < pixels; ++i) {
        __builtin_memcpy(out + i * s.to, lists.padded + i * lanes, left * sizeof(float));
      }
    }
  }
}

template <bool VALUED>
void choose_sums(const SpikefuseProduct& p, const RowSums& s, int64_t begin, int64_t end,
                 const float* table, char* slot) {
  switch (s.blocks.vectors) {
    case 1: return sum_maps<1, VALUED>(p, s, begin, end, table, slot);
    case 2: return sum_maps<2, VALUED>(p, s, begin, end, table, slot);
    case 4: return sum_maps<4, VALUED>(p, s, begin, end, table, slot);
    default: return sum_maps<8, VALUED>(p, s, begin, end, table, slot);
  }
}

// ---- gradients of weight and bias ---------------------------------------------------------------

// What drives: spikes, each adding pixels of the dense gradient; or events, each adding spikes.
struct Correlation {
  bool valued;
  int64_t driver, other;    // channels of what is listed, and of the padded maps
  Blocks blocks;            // of the other
  int64_t pixels, padded;   // of a map without and with its border
  int64_t group, parts;     // maps at once; shares of the maps that are summed apart and then added
};

Correlation correlation(const SpikefuseProduct& p) {
  Correlation c;
  c.valued = p.operation == SPIKEFUSE_WEIGHT_BY_EVENTS;
  c.driver = c.valued ? p.outputs : p.inputs;
  c.other = c.valued ? p.inputs : p.outputs;
  c.blocks = make_blocks(c.other, MOST_CORRELATED);
  c.pixels = p.height * p.width;
  c.padded = (p.height + 2) * (p.width + 2);
  const int64_t tile = c.padded * c.blocks.padded() * (int64_t)sizeof(float);
  c.group = tile < TILE_BYTES ? TILE_BYTES / tile : 1;
  const int64_t part = c.driver * 9 * c.blocks.padded() * (int64_t)sizeof(float);
  c.parts = part * MOST_PARTS < PART_BYTES ? MOST_PARTS : PART_BYTES / part;
  if (c.parts > p.maps) c.parts = p.maps;
  if (c.parts < 1) c.parts = 1;
  return c;
}

struct Correlating {
  float* tiles;      // [group, block, H + 2, W + 2, lanes]
  uint32_t* entry;   // [driver, group * H * W]: pixels from the first tile's corner
  float* value;
  uint32_t* count;   // [driver]
};

Correlating make_correlating(const Correlation& c, Carver& carver) {
  Correlating w;
  const int64_t most = c.driver * c.group * c.pixels;
  w.tiles = carver.take<float>(c.group * c.padded * c.blocks.padded());
  w.entry = carver.take<uint32_t>(most);
  w.value = carver.take<float>(c.valued ? most : 0);
  w.count = carver.take<uint32_t>(c.driver);
  return w;
}

// The dense gradient of map `map` as tile `m`, its sum added to `bias` [blocks, lanes].
template <int NV>
void tile_gradient(const SpikefuseProduct& p, const Correlation& c, int64_t map, int64_t m,
                   float* bias, Correlating& w) {
  constexpr int64_t lanes = NV * LANES;
  for (int64_t block = 0; block < c.blocks.blocks; ++block) {
    const int64_t first = block * lanes, left = c.other - first < lanes ? c.other - first : lanes;
    float* tile = w.tiles + (m * c.blocks.blocks + block) * c.padded * lanes;
    const float* from = p.gradient + map * c.pixels * c.other + first;
    Vector sum[NV];
    for (int j = 0; j < NV; ++j) sum[j] = load(bias + first + j * LANES);
    for (int64_t y = 0; y < p.height; ++y) {
      float* to = tile + ((y + 1) * (p.width + 2) + 1) * lanes;
      for (int64_t x = 0; x < p.width; ++x, from += c.other, to += lanes) {
        if (left == lanes) {
          for (int j = 0; j < NV; ++j) store(to + j * LANES, load(from + j * LANES));
        } else {
          __builtin_memcpy(to, from, left * sizeof(float));
        }
        for (int j = 0; j < NV; ++j) sum[j] += load(to + j * LANES);
      }
    }
    for (int j = 0; j < NV; ++j) store(bias + first + j * LANES, sum[j]);
  }
}

// The spikes of a map as ones and zeros in a tile.
template <int NV>
void tile_spikes(const SpikefuseProduct& p, const Correlation& c, int64_t map, int64_t m,
                 Correlating& w) {
  constexpr int64_t lanes = NV * LANES;
  const int64_t bytes = spikefuse_bytes(c.other);
  for (int64_t block = 0; block < c.blocks.blocks; ++block) {
    float* tile = w.tiles + (m * c.blocks.blocks + block) * c.padded * lanes;
    const uint8_t* row = p.spikes + map * c.pixels * bytes;
    for (int64_t y = 0; y < p.height; ++y) {
      float* to = tile + ((y + 1) * (p.width + 2) + 1) * lanes;
      for (int64_t x = 0; x < p.width; ++x, row += bytes, to += lanes) {
        for (int j = 0; j < NV; ++j) {
          const int64_t channel = block * lanes + j * LANES;
          store(to + j * LANES, ones_where(lane_bits(row, channel, bytes)));
        }
      }
    }
  }
}

void list_drivers(const SpikefuseProduct& p, const Correlation& c, int64_t map, int64_t m,
                  float* bias, Correlating& w) {
  const int64_t most = c.group * c.pixels, bytes = spikefuse_bytes(c.driver);
  const int64_t tile = m * c.blocks.blocks * c.padded;
  for (int64_t y = 0; y < p.height; ++y) {
    for (int64_t x = 0; x < p.width; ++x) {
      const int64_t place = map * c.pixels + y * p.width + x;
      const uint32_t at = (uint32_t)(tile + y * (p.width + 2) + x);
      if (c.valued) {
        const int64_t region = map * c.pixels * c.driver + p.start[place];
        for (int64_t k = 0; k < p.count[place]; ++k) {
          const int64_t channel = p.channel[region + k];
          const int64_t to = channel * most + w.count[channel]++;
          w.entry[to] = at;
          w.value[to] = p.value[region + k];
          bias[channel] += p.value[region + k];
        }
      } else {
        for (int64_t byte = 0; byte < bytes; byte += 4) {
          for (uint32_t word = word_at(p.spikes + place * bytes, byte, bytes); word;
               word &= word - 1) {
            const int64_t channel = byte * 8 + __builtin_ctz(word);
            w.entry[channel * most + w.count[channel]++] = at;
          }
        }
      }
    }
  }
}

// Sums of one block of the other's channels, for every driving channel. `sums` is
// [driver, 3, 3, padded channels].
template <int NV, bool VALUED>
void correlate(const SpikefuseProduct& p, const Correlation& c, int64_t block, float* sums,
               const Correlating& w) {
  constexpr int64_t lanes = NV * LANES;
  const int64_t most = c.group * c.pixels, wide = c.blocks.padded();
  for (int64_t d = 0; d < c.driver; ++d) {
    const uint32_t *first = w.entry + d * most, *end = first + w.count[d];
    if (first == end) continue;
    for (int64_t i = 0; i < 3; ++i) {
      float* to = sums + (d * 9 + i * 3) * wide + block * lanes;
      const float* base = w.tiles + (block * c.padded + i * (p.width + 2)) * lanes;
      const float* value = VALUED ? w.value + d * most : nullptr;
      Vector sum[3 * NV];
      for (int j = 0; j < 3 * NV; ++j) sum[j] = Vector{};
      for (const uint32_t* k = first; k < end; ++k) {
        const float* from = base + (size_t)*k * lanes;
        if constexpr (VALUED) {
          const Vector v = all(*value++);
          for (int j = 0; j < 3 * NV; ++j) sum[j] = multiply_add(v, load(from + j * LANES), sum[j]);
        } else {
          for (int j = 0; j < 3 * NV; ++j) sum[j] += load(from + j * LANES);
        }
      }
      for (int j = 0; j < 3 * NV; ++j) {
        float* at = to + j / NV * wide + j % NV * LANES;
        store(at, load(at) + sum[j]);
      }
    }
  }
}

int64_t bias_floats(const Correlation& c) { return c.valued ? c.driver : c.blocks.padded(); }

// One part of the maps: sums into `sums`, and behind them those of the bias.
template <int NV, bool VALUED>
void correlate_part(const SpikefuseProduct& p, const Correlation& c, int64_t part, float* sums,
                    char* slot) {
  Carver carver{slot, 0};
  Correlating w = make_correlating(c, carver);
  const int64_t size = c.driver * 9 * c.blocks.padded(), all_floats = size + bias_floats(c);
  float* bias = sums + size;
  for (int64_t i = 0; i < all_floats; ++i) sums[i] = 0.0f;
  const int64_t tiles = c.group * c.padded * c.blocks.padded();
  for (int64_t i = 0; i < tiles; ++i) w.tiles[i] = 0.0f;  // the borders stay so
  const int64_t first = p.maps * part / c.parts, last = p.maps * (part + 1) / c.parts;
  for (int64_t from = first; from < last; from += c.group) {
    const int64_t maps = last - from < c.group ? last - from : c.group;
    for (int64_t d = 0; d < c.driver; ++d) w.count[d] = 0;
    for (int64_t m = 0; m < maps; ++m) {
      list_drivers(p, c, from + m, m, bias, w);
      if (VALUED) {
        tile_spikes<NV>(p, c, from + m, m, w);
      } else {
        tile_gradient<NV>(p, c, from + m, m, bias, w);
      }
    }
    for (int64_t block = 0; block < c.blocks.blocks; ++block) {
      correlate<NV, VALUED>(p, c, block, sums, w);
    }
  }
}

template <bool VALUED>
void choose_correlation(const SpikefuseProduct& p, const Correlation& c, int64_t part, float* sums,
                        char* slot) {
  switch (c.blocks.vectors) {
    case 1: return correlate_part<1, VALUED>(p, c, part, sums, slot);
    default: return correlate_part<2, VALUED>(p, c, part, sums, slot);
  }
}

// The parts' sums of one driving channel, added in their order.
void add_parts(const SpikefuseProduct& p, const Correlation& c, int64_t d, const float* sums) {
  const int64_t wide = c.blocks.padded(), size = c.driver * 9 * wide;
  const int64_t each = size + bias_floats(c);
  for (int64_t o = 0; o < c.other; ++o) {
    for (int64_t tap = 0; tap < 9; ++tap) {
      float sum = 0.0f;
      for (int64_t part = 0; part < c.parts; ++part) {
        sum += sums[part * each + (d * 9 + tap) * wide + o];
      }
      const int64_t out = c.valued ? d : o, in = c.valued ? o : d;
      p.output[(out * p.inputs + in) * 9 + (c.valued ? tap : 8 - tap)] = sum;
    }
  }
  if (d != 0) return;
  for (int64_t o = 0; o < p.outputs; ++o) {
    float sum = 0.0f;
    for (int64_t part = 0; part < c.parts; ++part) sum += sums[part * each + size + o];
    p.bias_gradient[o] = sum;
  }
}

bool is_weight(const SpikefuseProduct& p) {
  return p.operation == SPIKEFUSE_WEIGHT_BY_SPIKES || p.operation == SPIKEFUSE_WEIGHT_BY_EVENTS;
}

}  // namespace

void SPIKEFUSE_CONV_PLAN(const SpikefuseProduct& p, SpikefusePlan& plan) {
  Carver carver{nullptr, 0};
  if (is_weight(p)) {
    const Correlation c = correlation(p);
    make_correlating(c, carver);
    const int64_t each = c.driver * 9 * c.blocks.padded() + bias_floats(c);
    plan = {2, {c.parts, c.driver, 0}, carver.used, c.parts * each * (int64_t)sizeof(float)};
  } else {
    const RowSums s = row_sums(p);
    make_lists(s, carver);
    const int64_t table = s.blocks.blocks * 9 * s.from * s.blocks.lanes();
    plan = {2, {1, p.maps, 0}, carver.used, table * (int64_t)sizeof(float)};
  }
}

void SPIKEFUSE_CONV(const SpikefuseProduct& p, int64_t phase, int64_t begin, int64_t end,
                    char* shared, char* slot) {
  float* floats = (float*)shared;
  if (is_weight(p)) {
    const Correlation c = correlation(p);
    const int64_t each = c.driver * 9 * c.blocks.padded() + bias_floats(c);
    for (int64_t unit = begin; unit < end; ++unit) {
      if (phase == 1) {
        add_parts(p, c, unit, floats);
      } else if (c.valued) {
        choose_correlation<true>(p, c, unit, floats + unit * each, slot);
      } else {
        choose_correlation<false>(p, c, unit, floats + unit * each, slot);
      }
    }
    return;
  }
  const RowSums s = row_sums(p);
  if (phase == 0) {
    lay_out(p, s, floats);
  } else if (s.valued) {
    choose_sums<true>(p, s, begin, end, floats, slot);
  } else {
    choose_sums<false>(p, s, begin, end, floats, slot);
  }
}
