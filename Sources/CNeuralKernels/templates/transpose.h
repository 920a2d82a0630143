// Blocks of rows become blocks of columns: zipping row i with row i + half, log₂(lanes) times over,
// transposes a square.

static void nk_transpose_rows(
    const float *source, ptrdiff_t row_stride, const ptrdiff_t *offsets, ptrdiff_t rows,
    ptrdiff_t count, float *to, ptrdiff_t to_stride) {
  ptrdiff_t done = 0;
  for (; done + NK_LANES <= count; done += NK_LANES)
    for (ptrdiff_t row = 0; row < rows; row += NK_LANES) {
      vf now[NK_LANES], next[NK_LANES];
      ptrdiff_t valid = rows - row < NK_LANES ? rows - row : NK_LANES;
#pragma clang loop unroll(full)
      for (int i = 0; i < NK_LANES; i++) {
        ptrdiff_t r = row + (i < valid ? i : 0);
        const float *from = source + (offsets ? offsets[r] : r * row_stride) + done;
        // Many rows are read side by side, more than the machine follows by itself.
        __builtin_prefetch(from + 4 * NK_LANES);
        now[i] = vf_load(from);
      }
#pragma clang loop unroll(full)
      for (int round = NK_LANES; round > 1; round /= 2) {
#pragma clang loop unroll(full)
        for (int i = 0; i < NK_LANES / 2; i++) {
          next[2 * i] = NK_ZIP_LOW(now[i], now[i + NK_LANES / 2]);
          next[2 * i + 1] = NK_ZIP_HIGH(now[i], now[i + NK_LANES / 2]);
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < NK_LANES; i++) now[i] = next[i];
      }
      float *place = to + done * to_stride + row;
      if (valid == NK_LANES)
#pragma clang loop unroll(full)
        for (int i = 0; i < NK_LANES; i++) vf_store(place + i * to_stride, now[i]);
      else
        for (int i = 0; i < NK_LANES; i++)
          vf_store_part(place + i * to_stride, now[i], (size_t)valid);
    }
  for (ptrdiff_t row = 0; row < rows; row++) {
    const float *line = source + (offsets ? offsets[row] : row * row_stride);
    for (ptrdiff_t i = done; i < count; i++) to[i * to_stride + row] = line[i];
  }
}
