// The gradient of filters by Winograd's transform, where that is faster.
#ifndef ROENTGEN_WEIGHT_GRADIENT_H
#define ROENTGEN_WEIGHT_GRADIENT_H

#include "image.h"

int nk_winograd_weight_faster(const nk_conv *conv);
int nk_winograd_weight_gradient(
    const nk_conv *conv, const float *x, const float *dy, float *dw);

#endif
