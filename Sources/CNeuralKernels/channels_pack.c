// Filters for images with channels innermost: panels of 64 filters, the last as wide as its filters
// rounded up to 16; in a panel taps, then channels, then filters.
#include <string.h>

#include "image.h"
#include "winograd.h"

int nk_channels_possible(const nk_conv *c) {
  return c->channels > 0 && c->filters > 0 &&
         (c->groups == 1 || c->filters / c->groups >= 16 ||
          (nk_is_depthwise(c) && nk_taps(c) <= 128));
}

// Panels of a group.
static ptrdiff_t nk_panels(const nk_conv *c) {
  return (c->filters / c->groups + nk_filter_panel - 1) / nk_filter_panel;
}

size_t nk_channels_packed_size(const nk_conv *c, nk_conv_algorithm algorithm) {
  ptrdiff_t taps = nk_taps(c);
  if (nk_is_depthwise(c)) return (size_t)(taps * c->channels) * sizeof(float);
  if (algorithm == NK_CONV_WINOGRAD) taps = c->kernel[0] * nk_points;
  return (size_t)(nk_up(c->filters / c->groups, 16) * taps * c->channels) * sizeof(float);
}

typedef struct {
  const nk_conv *c;
  int winograd, turned;  // turned: filters are [channels, filters, taps]
  const float *filters, *scale;
  float *packed;
  ptrdiff_t taps, blocks;
} nk_channels_pack_job;

enum { nk_pack_channels = 16 };

static void nk_channels_pack_chunk(void *context, size_t number) {
  const nk_channels_pack_job *job = context;
  const nk_conv *c = job->c;
  ptrdiff_t panel = (ptrdiff_t)number / job->blocks, block = (ptrdiff_t)number % job->blocks;
  ptrdiff_t group = panel / nk_panels(c), channels = c->channels / c->groups;
  ptrdiff_t filters = c->filters / c->groups;
  ptrdiff_t first = panel % nk_panels(c) * nk_filter_panel;
  ptrdiff_t columns = nk_least(nk_filter_panel, filters - first);
  ptrdiff_t stride = nk_up(columns, 16), points = job->winograd ? nk_points : 1;
  ptrdiff_t own_taps = job->winograd ? c->kernel[0] : job->taps;
  float *to = job->packed + (group * nk_up(filters, 16) + first) * points * own_taps * channels;
  ptrdiff_t end = nk_least((block + 1) * nk_pack_channels, channels);
  for (ptrdiff_t tap = 0; tap < own_taps; tap++)
    for (ptrdiff_t channel = block * nk_pack_channels; channel < end; channel++) {
      float u[nk_filter_panel][nk_points];
      for (ptrdiff_t i = 0; i < stride; i++) {
        ptrdiff_t filter = group * filters + first + i;
        if (i >= columns) {
          memset(u[i], 0, sizeof u[i]);
        } else if (job->winograd) {
          nk_winograd_filter(
              job->filters + ((filter * channels + channel) * own_taps + tap) * 9, u[i]);
        } else {
          ptrdiff_t place = job->turned ? channel * c->filters + filter
                                        : filter * channels + channel;
          u[i][0] = job->filters[place * job->taps + tap];
        }
      }
      for (ptrdiff_t p = 0; p < points; p++) {
        float *line = to + ((p * own_taps + tap) * channels + channel) * stride;
        for (ptrdiff_t i = 0; i < stride; i++) line[i] = u[i][p];
        if (job->scale)
          for (ptrdiff_t i = 0; i < columns; i++) line[i] *= job->scale[group * filters + first + i];
      }
    }
}

void nk_channels_pack(
    const nk_conv *c, nk_conv_algorithm algorithm, const float *filters, const float *scale,
    float *packed) {
  nk_channels_pack_job job = {
      c, algorithm == NK_CONV_WINOGRAD, 0, filters, scale, packed, nk_taps(c), 0};
  if (nk_is_depthwise(c)) {
    for (ptrdiff_t tap = 0; tap < job.taps; tap++)
      for (ptrdiff_t channel = 0; channel < c->channels; channel++)
        packed[tap * c->channels + channel] =
            filters[channel * job.taps + tap] * (scale ? scale[channel] : 1);
    return;
  }
  job.blocks = (c->channels / c->groups + nk_pack_channels - 1) / nk_pack_channels;
  nk_parallel((size_t)(c->groups * nk_panels(c) * job.blocks), nk_channels_pack_chunk, &job);
}

size_t nk_channels_rise_packed_size(const nk_conv *c) {
  return (size_t)(nk_up(c->filters, 16) * nk_taps(c) * c->channels) * sizeof(float);
}

void nk_channels_rise_pack(const nk_conv *c, const float *filters, float *packed) {
  nk_channels_pack_job job = {c, 0, 1, filters, NULL, packed, nk_taps(c), 0};
  job.blocks = (c->channels / c->groups + nk_pack_channels - 1) / nk_pack_channels;
  nk_parallel((size_t)(c->groups * nk_panels(c) * job.blocks), nk_channels_pack_chunk, &job);
}
