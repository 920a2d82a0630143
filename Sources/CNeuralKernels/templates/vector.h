// Vectors of NK_LANES floats, and groups of sixteen lanes that look the same on every machine.

typedef float vf __attribute__((vector_size(NK_LANES * 4)));
typedef int32_t vi __attribute__((vector_size(NK_LANES * 4)));
typedef float vf_unaligned __attribute__((vector_size(NK_LANES * 4), aligned(4), may_alias));

#define NK_INLINE static inline __attribute__((always_inline, unused))

enum { nk_group = 16, nk_parts = nk_group / NK_LANES };

NK_INLINE vf vf_load(const float *p) { return *(const vf_unaligned *)p; }
NK_INLINE void vf_store(float *p, vf v) { *(vf_unaligned *)p = v; }
// x − 0 is x, for −0 too, so this is one broadcast.
NK_INLINE vf vf_all(float x) { return x - (vf){}; }
NK_INLINE vf vf_pick(vi mask, vf yes, vf no) {
  return (vf)((mask & (vi)yes) | (~mask & (vi)no));
}
// A NaN in either operand gives NaN.
NK_INLINE vf vf_largest(vf a, vf b) { return vf_pick((a > b) | (a != a), a, b); }
NK_INLINE vf vf_smallest(vf a, vf b) { return vf_pick((a < b) | (a != a), a, b); }
NK_INLINE vf vf_abs(vf a) { return (vf)((vi)a & 0x7fffffff); }
NK_INLINE vf vf_sign_of(vf magnitude, vf sign) {
  return (vf)(((vi)magnitude & 0x7fffffff) | ((vi)sign & (int32_t)0x80000000));
}
NK_INLINE vf vf_sqrt(vf a) { return __builtin_elementwise_sqrt(a); }

#if NK_LANES == 16
NK_INLINE __mmask16 vf_first(size_t count) {
  return count >= 16 ? (__mmask16)0xffff : (__mmask16)((1u << count) - 1);
}
NK_INLINE vf vf_load_part(const float *p, size_t count, float rest) {
  return (vf)_mm512_mask_loadu_ps(_mm512_set1_ps(rest), vf_first(count), p);
}
NK_INLINE void vf_store_part(float *p, vf v, size_t count) {
  _mm512_mask_storeu_ps(p, vf_first(count), (__m512)v);
}
#else
NK_INLINE vf vf_load_part(const float *p, size_t count, float rest) {
  float lanes[NK_LANES];
  for (size_t i = 0; i < NK_LANES; i++) lanes[i] = i < count ? p[i] : rest;
  return vf_load(lanes);
}
NK_INLINE void vf_store_part(float *p, vf v, size_t count) {
  float lanes[NK_LANES];
  vf_store(lanes, v);
  for (size_t i = 0; i < count && i < NK_LANES; i++) p[i] = lanes[i];
}
#endif

// Sixteen sums become one by a fixed tree.
NK_INLINE float nk_tree_sum(const vf *parts) {
  float lanes[nk_group];
  for (int part = 0; part < nk_parts; part++) vf_store(lanes + part * NK_LANES, parts[part]);
  for (int step = nk_group / 2; step > 0; step /= 2)
    for (int i = 0; i < step; i++) lanes[i] += lanes[i + step];
  return lanes[0];
}

// The halves of two vectors with their lanes alternating.
#if NK_LANES == 16
#define NK_ZIP_LOW(a, b)                                                     \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define NK_ZIP_HIGH(a, b)                                                    \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif NK_LANES == 8
#define NK_ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define NK_ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define NK_ZIP_LOW(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define NK_ZIP_HIGH(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif
