// Levels of 16-bit samples by AVX-512 VBMI: 64 at a time, from a table that lies in registers while it
// has no more than 1536 entries, and in the first-level cache beyond.

#include "CWindowKernels.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define VBMI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi")))
#define INLINE VBMI static inline __attribute__((always_inline))

int cwk_looks_up(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512vbmi");
}

/// 64 places in a table of up to 4096 entries, and the bits above the low seven as masks.
typedef struct {
  __m512i low;
  __mmask64 bit7, bit8, bit9, bit10, bit11;
} places;

INLINE __m512i narrowed(__m512i first, __m512i second) {
  return _mm512_inserti64x4(
    _mm512_castsi256_si512(_mm512_cvtepi16_epi8(first)), _mm512_cvtepi16_epi8(second), 1);
}

INLINE __mmask64 bit(__m512i first, __m512i second, int value) {
  __m512i mask = _mm512_set1_epi16((short)value);
  return _mm512_kunpackd(
    _mm512_test_epi16_mask(second, mask), _mm512_test_epi16_mask(first, mask));
}

/// A choice among 128 entries by the low seven bits, four times, and among the four.
INLINE __m512i among512(const __m512i *table, const places *at) {
  __m512i low = _mm512_permutex2var_epi8(table[0], at->low, table[1]);
  low = _mm512_mask_blend_epi8(
    at->bit7, low, _mm512_permutex2var_epi8(table[2], at->low, table[3]));
  __m512i high = _mm512_permutex2var_epi8(table[4], at->low, table[5]);
  high = _mm512_mask_blend_epi8(
    at->bit7, high, _mm512_permutex2var_epi8(table[6], at->low, table[7]));
  return _mm512_mask_blend_epi8(at->bit8, low, high);
}

/// A choice among up to four steps.
INLINE __m512i among2048(const __m512i *table, int steps, const places *at) {
  __m512i low = among512(table, at);
  if (steps > 1) low = _mm512_mask_blend_epi8(at->bit9, low, among512(table + 8, at));
  if (steps < 3) return low;
  __m512i high = among512(table + 16, at);
  if (steps > 3) high = _mm512_mask_blend_epi8(at->bit9, high, among512(table + 24, at));
  return _mm512_mask_blend_epi8(at->bit10, low, high);
}

/// The levels of 64 samples in signed order.
INLINE __m512i among(
  const __m512i *parts, int steps, __m512i low, __m512i first, __m512i second) {
  __m512i zero = _mm512_setzero_si512();
  __m512i last = _mm512_set1_epi16((short)(CWK_STEP * steps - 1));
  first = _mm512_min_epi16(_mm512_max_epi16(_mm512_subs_epi16(first, low), zero), last);
  second = _mm512_min_epi16(_mm512_max_epi16(_mm512_subs_epi16(second, low), zero), last);
  places at = {.low = narrowed(first, second), .bit8 = bit(first, second, 256)};
  at.bit7 = _mm512_movepi8_mask(at.low);
  if (steps > 1) at.bit9 = bit(first, second, 512);
  if (steps > 2) at.bit10 = bit(first, second, 1024);
  if (steps <= 4) return among2048(parts, steps, &at);
  at.bit11 = bit(first, second, 2048);
  __m512i found = among2048(parts, 4, &at);
  return _mm512_mask_blend_epi8(at.bit11, found, among2048(parts + 32, steps - 4, &at));
}

static uint8_t level(uint16_t sample, const cwk_table *table) {
  int index = (int16_t)(sample ^ table->flip) - table->low;
  return table->levels[index < 0 ? 0 : index >= table->entries ? table->entries - 1 : index];
}

static void write_some_levels(
  const uint16_t *samples, size_t count, const cwk_table *table, uint8_t *levels) {
  for (size_t place = 0; place < count; place++) levels[place] = level(samples[place], table);
}

/// Samples of the next page: the machine's own prefetching stops at each.
INLINE void fetch_ahead(const uint16_t *samples) {
  _mm_prefetch((const char *)(samples + 1024), _MM_HINT_T0);
  _mm_prefetch((const char *)(samples + 1056), _MM_HINT_T0);
}

/// Stores at a multiple of 64 bytes.
INLINE void put(__m512i bytes, uint8_t *place, int streams) {
  if (streams)
    _mm512_stream_si512((__m512i *)place, bytes);
  else
    _mm512_store_si512((__m512i *)place, bytes);
}

/// The loop for a known number of steps: the compiler keeps small tables in registers.
INLINE void look_up(
  const uint16_t *samples, size_t count, cwk_table table, int steps, int streams,
  uint8_t *levels) {
  table.entries = CWK_STEP * steps;
  size_t place = (64 - (uintptr_t)levels % 64) % 64;
  if (place > count) place = count;
  write_some_levels(samples, place, &table, levels);
  __m512i parts[8 * CWK_MOST / CWK_STEP];
  for (int i = 0; i < 8 * steps; i++) parts[i] = _mm512_loadu_si512(table.levels + 64 * i);
  __m512i flip = _mm512_set1_epi16((short)table.flip);
  __m512i low = _mm512_set1_epi16(table.low);
  __m512i black = _mm512_set1_epi8((char)table.levels[0]);
  for (; place + 64 <= count; place += 64) {
    fetch_ahead(samples + place);
    __m512i first = _mm512_xor_si512(_mm512_loadu_si512(samples + place), flip);
    __m512i second = _mm512_xor_si512(_mm512_loadu_si512(samples + place + 32), flip);
    __m512i found = black;
    // Air is most of a scan.
    if (_mm512_cmpgt_epi16_mask(_mm512_max_epi16(first, second), low))
      found = among(parts, steps, low, first, second);
    put(found, levels + place, streams);
  }
  write_some_levels(samples + place, count - place, &table, levels + place);
  if (streams) _mm_sfence();
}

/// Results from this many bytes on bypass the caches, which they would only sweep.
#define STREAMED (1 << 22)

VBMI void cwk_write_levels(
  const uint16_t *samples, size_t count, const cwk_table *table, uint8_t *levels) {
  if (!cwk_looks_up()) return;
  int streams = count >= STREAMED;
  switch (table->entries / CWK_STEP) {
  case 1: look_up(samples, count, *table, 1, streams, levels); return;
  case 2: look_up(samples, count, *table, 2, streams, levels); return;
  case 3: look_up(samples, count, *table, 3, streams, levels); return;
  case 4: look_up(samples, count, *table, 4, streams, levels); return;
  case 5: look_up(samples, count, *table, 5, streams, levels); return;
  case 6: look_up(samples, count, *table, 6, streams, levels); return;
  case 7: look_up(samples, count, *table, 7, streams, levels); return;
  case 8: look_up(samples, count, *table, 8, streams, levels); return;
  }
}

/// Which byte of red (0 and on) or green (64 and on) goes to each place of 64 pixels; blue has the
/// number of its pixel.
#define PIXEL(i) ((i) / 3 + ((i) % 3 == 1 ? 64 : 0))
#define PIXELS4(i) PIXEL(i), PIXEL(i + 1), PIXEL(i + 2), PIXEL(i + 3)
#define PIXELS16(i) PIXELS4(i), PIXELS4(i + 4), PIXELS4(i + 8), PIXELS4(i + 12)
#define PIXELS64(i) PIXELS16(i), PIXELS16(i + 16), PIXELS16(i + 32), PIXELS16(i + 48)
static const __attribute__((aligned(64))) uint8_t pixels[3][64] = {
  {PIXELS64(0)}, {PIXELS64(64)}, {PIXELS64(128)}};
/// The places 2, 5, 8 … of 192.
static const uint64_t is_blue[3] = {0x4924924924924924, 0x2492492492492492, 0x9249249249249249};

/// Pixels 64/3 · part and on of 64.
INLINE __m512i interleaved(__m512i red, __m512i green, __m512i blue, int part) {
  __m512i from = _mm512_load_si512(pixels[part]);
  __m512i mixed = _mm512_permutex2var_epi8(red, from, green);
  return _mm512_mask_permutexvar_epi8(mixed, is_blue[part], from, blue);
}

static void write_some_colors(
  const uint16_t *samples, size_t count, const cwk_table tables[3], uint8_t *colors) {
  for (size_t place = 0; place < count; place++)
    for (int channel = 0; channel < 3; channel++)
      colors[3 * place + channel] = level(samples[place], &tables[channel]);
}

/// Pixels before the first one that stands at a multiple of 64 bytes: three has an inverse modulo 64.
static size_t before_alignment(const uint8_t *colors) {
  return (64 - (uintptr_t)colors % 64) * 43 % 64;
}

VBMI void cwk_write_colors(
  const uint16_t *samples, size_t count, const cwk_table tables[3], uint8_t *colors) {
  if (!cwk_looks_up()) return;
  size_t place = before_alignment(colors);
  if (place > count) place = count;
  write_some_colors(samples, place, tables, colors);
  int streams = 3 * count >= STREAMED;
  __m512i levels[3][8 * CWK_MOST / CWK_STEP], black[3], found[3], mixed[3], lows[3];
  int steps[3], least = INT16_MAX;
  for (int i = 0; i < 3; i++) {
    steps[i] = tables[i].entries / CWK_STEP;
    for (int j = 0; j < 8 * steps[i]; j++)
      levels[i][j] = _mm512_loadu_si512(tables[i].levels + 64 * j);
    lows[i] = _mm512_set1_epi16(tables[i].low);
    if (tables[i].low < least) least = tables[i].low;
    found[i] = _mm512_set1_epi8((char)tables[i].levels[0]);
  }
  for (int i = 0; i < 3; i++) black[i] = interleaved(found[0], found[1], found[2], i);
  __m512i flip = _mm512_set1_epi16((short)tables[0].flip);
  __m512i all_black = _mm512_set1_epi16((short)least);
  for (; place + 64 <= count; place += 64) {
    fetch_ahead(samples + place);
    __m512i first = _mm512_xor_si512(_mm512_loadu_si512(samples + place), flip);
    __m512i second = _mm512_xor_si512(_mm512_loadu_si512(samples + place + 32), flip);
    const __m512i *written = black;
    if (_mm512_cmpgt_epi16_mask(_mm512_max_epi16(first, second), all_black)) {
      for (int i = 0; i < 3; i++) found[i] = among(levels[i], steps[i], lows[i], first, second);
      for (int i = 0; i < 3; i++) mixed[i] = interleaved(found[0], found[1], found[2], i);
      written = mixed;
    }
    for (int i = 0; i < 3; i++) put(written[i], colors + 3 * place + 64 * i, streams);
  }
  write_some_colors(samples + place, count - place, tables, colors + 3 * place);
  if (streams) _mm_sfence();
}

#else

int cwk_looks_up(void) { return 0; }

void cwk_write_levels(
  const uint16_t *samples, size_t count, const cwk_table *table, uint8_t *levels) {
  (void)samples, (void)count, (void)table, (void)levels;
}

void cwk_write_colors(
  const uint16_t *samples, size_t count, const cwk_table tables[3], uint8_t *colors) {
  (void)samples, (void)count, (void)tables, (void)colors;
}

#endif
