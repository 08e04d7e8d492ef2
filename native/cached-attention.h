// Attention of new tokens, a row each, to a prompt's earlier ones and to themselves.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "call.h"
#include "for-rows.h"
#include "rows.h"

namespace {

__attribute__((always_inline)) inline float Dot(const float* a, const float* b, int64_t size) {
  float part[kLanes] = {0};
  const int64_t whole = size - size % kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int lane = 0; lane < kLanes; lane++) part[lane] += a[i + lane] * b[i + lane];
  }
  float sum = 0;
  for (int64_t i = whole; i < size; i++) sum += a[i] * b[i];
  for (const float lane : part) sum += lane;
  return sum;
}

__attribute__((always_inline)) inline void AddScaled(float* sum, float scale, const float* x, int64_t size) {
  for (int64_t i = 0; i < size; i++) sum[i] += scale * x[i];
}

// One head of one row: q, k and v are its own, [size]; keys and values those before it, [earlier, size].
VECTORISED void AttendHead(const float* q, const float* k, const float* v, const float* keys, const float* values,
                           float scale, float* __restrict context, float* __restrict weights, int64_t earlier,
                           int64_t size) {
  for (int64_t c = 0; c < earlier; c++) weights[c] = scale * Dot(q, keys + c * size, size);
  weights[earlier] = scale * Dot(q, k, size);
  const float top = *std::max_element(weights, weights + earlier + 1);
  float sum = 0;
  for (int64_t c = 0; c <= earlier; c++) sum += weights[c] = ExpOfNegative(weights[c] - top);
  for (int64_t c = 0; c <= earlier; c++) weights[c] /= sum;
  std::fill(context, context + size, 0.0f);
  for (int64_t c = 0; c < earlier; c++) AddScaled(context, weights[c], values + c * size, size);
  AddScaled(context, weights[earlier], v, size);
}

// dscore = scale weight (dweight - sum of weight dweight), with dweight = dcontext value.
VECTORISED void AttendHeadGrad(const float* dcontext, const float* q, const float* k, const float* v, const float* keys,
                               const float* values, const float* weights, float scale, float* __restrict dq,
                               float* __restrict dk, float* __restrict dv, float* __restrict dscores, int64_t earlier,
                               int64_t size) {
  for (int64_t c = 0; c < earlier; c++) dscores[c] = Dot(dcontext, values + c * size, size);
  dscores[earlier] = Dot(dcontext, v, size);
  float along = 0;
  for (int64_t c = 0; c <= earlier; c++) along += weights[c] * dscores[c];
  for (int64_t c = 0; c <= earlier; c++) dscores[c] = scale * weights[c] * (dscores[c] - along);
  const float own = dscores[earlier];
  for (int64_t i = 0; i < size; i++) {
    dq[i] = own * k[i];
    dk[i] = own * q[i];
    dv[i] = weights[earlier] * dcontext[i];
  }
  for (int64_t c = 0; c < earlier; c++) AddScaled(dq, dscores[c], keys + c * size, size);
}

// What both attention kernels read: `first` is the index of `inputs`, `cache` of keys, values and how many of them each prompt has.
struct Attention {
  const float *inputs, *keys, *values;
  const int32_t* seen;
  int64_t rows, hidden, prompts, heads, earlier, size;
  bool Read(Call& call, int first, int cache) {
    int64_t matrix[2], shape[4];
    if (!call.Shape(first, 2, matrix) || !call.Shape(cache, 4, shape)) return false;
    rows = matrix[0];
    prompts = shape[0], heads = shape[1], earlier = shape[2], size = shape[3];
    hidden = heads * size;
    if (matrix[1] != 3 * hidden || prompts == 0 || rows % prompts != 0) return call.Refuse("inputs and keys do not fit");
    inputs = call.Input(first);
    keys = call.Input(cache);
    values = call.Input(cache + 1, prompts * heads * earlier * size);
    seen = reinterpret_cast<const int32_t*>(call.Input(cache + 2, prompts));
    for (int64_t i = 0; call.Ok() && i < prompts; i++) {
      if (seen[i] < 0 || seen[i] > earlier) return call.Refuse("a prompt sees more tokens than there are");
    }
    return call.Ok();
  }
  int64_t Prompt(int64_t row) const { return row / (rows / prompts); }
  int64_t Cache(int64_t row, int64_t head) const { return (Prompt(row) * heads + head) * earlier * size; }
  int64_t WorkOfRow() const { return 2 * hidden * (earlier + 1); }
};

void CachedAttention(void* scale, TF_OpKernelContext* context) {
  Call call(context);
  Attention a;
  if (a.Read(call, 0, 1)) {
    float *out = call.Output(0, a.rows, a.hidden), *weights = call.Output(1, a.rows, a.heads * (a.earlier + 1));
    if (call.Ok()) {
      ForRows(a.rows, a.WorkOfRow(), [&](int64_t row) {
        for (int64_t head = 0; head < a.heads; head++) {
          const float* q = a.inputs + row * 3 * a.hidden + head * a.size;
          const int64_t cache = a.Cache(row, head);
          AttendHead(q, q + a.hidden, q + 2 * a.hidden, a.keys + cache, a.values + cache, *static_cast<float*>(scale),
                     out + row * a.hidden + head * a.size, weights + (row * a.heads + head) * (a.earlier + 1),
                     a.seen[a.Prompt(row)], a.size);
        }
      });
    }
  }
  call.Finish();
}

void CachedAttentionGrad(void* scale, TF_OpKernelContext* context) {
  Call call(context);
  Attention a;
  if (a.Read(call, 1, 3)) {
    const float *dcontext = call.Input(0, a.rows * a.hidden);
    const float *weights = call.Input(2, a.rows * a.heads * (a.earlier + 1));
    float* dinputs = call.Output(0, a.rows, 3 * a.hidden);
    if (call.Ok()) {
      ForRows(a.rows, 2 * a.WorkOfRow(), [&](int64_t row) {
        std::vector<float> dscores(a.earlier + 1);
        for (int64_t head = 0; head < a.heads; head++) {
          const int64_t own = row * 3 * a.hidden + head * a.size, cache = a.Cache(row, head);
          const float* q = a.inputs + own;
          float* dq = dinputs + own;
          AttendHeadGrad(dcontext + row * a.hidden + head * a.size, q, q + a.hidden, q + 2 * a.hidden, a.keys + cache,
                         a.values + cache, weights + (row * a.heads + head) * (a.earlier + 1), *static_cast<float*>(scale),
                         dq, dq + a.hidden, dq + 2 * a.hidden, dscores.data(), a.seen[a.Prompt(row)], a.size);
        }
      });
    }
  }
  call.Finish();
}

}  // namespace
