// Queries, keys and values of rows as attention takes them: turned by their positions, each key and value once for every query head that
// shares it. As arrangeHeads in src/model/layers/heads.ts.
#pragma once

#include <cstdint>

#include "call.h"
#include "for-rows.h"
#include "rows.h"
#include "tensorflow/c/kernels.h"

namespace {

// The pairs (x[i], x[i + half]) turned, and the columns after them as they are. `direction` is -1 for turning back.
VECTORISED void TurnHead(const float* __restrict x, const float* __restrict cos, const float* __restrict sin, float direction,
                         float* __restrict out, int64_t half, int64_t size) {
  for (int64_t i = 0; i < half; i++) {
    const float s = direction * sin[i];
    out[i] = x[i] * cos[i] - x[half + i] * s;
    out[half + i] = x[half + i] * cos[i] + x[i] * s;
  }
  for (int64_t i = 2 * half; i < size; i++) out[i] = x[i];
}

// Head `head` of the sums of `times` heads each.
VECTORISED void FoldHeads(const float* __restrict x, float* __restrict out, int64_t times, int64_t size) {
  for (int64_t i = 0; i < size; i++) out[i] = x[i];
  for (int64_t other = 1; other < times; other++) {
    for (int64_t i = 0; i < size; i++) out[i] += x[other * size + i];
  }
}

struct HeadSharing {
  int64_t heads = 1, sharing = 1;
};

struct ArrangedHeads {
  int64_t heads, shared, times, size, rows, half;
  const float *x, *cos, *sin;
  bool one_turn;

  // Input 0 is [rows, heads + 2 shared heads] where `folded`, else [rows, 3 heads]; 1 and 2 are [rows or 1, half].
  bool Read(Call& call, const HeadSharing& sharing, bool folded) {
    heads = sharing.heads;
    times = sharing.sharing;
    int64_t width, turns[2];
    if (!call.Matrix(&rows, &width) || !call.Shape(1, 2, turns)) return false;
    if (heads < 1 || times < 1 || heads % times != 0) return call.Refuse("heads that cannot be shared so");
    shared = heads / times;
    const int64_t parts = folded ? heads + 2 * shared : 3 * heads;
    if (width % parts != 0) return call.Refuse("a width that is not one of heads");
    size = width / parts;
    half = turns[1];
    one_turn = turns[0] == 1;
    if ((!one_turn && turns[0] != rows) || 2 * half > size) return call.Refuse("turns of other rows or columns");
    x = call.Input(0);
    cos = call.Input(1);
    sin = call.Input(2, turns[0] * half);
    return call.Ok();
  }
  int64_t Turn(int64_t row) const { return one_turn ? 0 : row * half; }
};

void ArrangeHeads(void* sharing, TF_OpKernelContext* context) {
  Call call(context);
  ArrangedHeads a;
  if (a.Read(call, *static_cast<HeadSharing*>(sharing), true)) {
    const int64_t from = (a.heads + 2 * a.shared) * a.size, to = 3 * a.heads * a.size;
    float* out = call.Output(0, a.rows, to);
    if (call.Ok()) {
      ForRows(a.rows, to, [&](int64_t row) {
        const float *x = a.x + row * from, *cos = a.cos + a.Turn(row), *sin = a.sin + a.Turn(row);
        float* y = out + row * to;
        for (int64_t head = 0; head < a.heads; head++) TurnHead(x + head * a.size, cos, sin, 1, y + head * a.size, a.half, a.size);
        const float *keys = x + a.heads * a.size, *values = keys + a.shared * a.size;
        float *key = y + a.heads * a.size, *value = key + a.heads * a.size;
        for (int64_t head = 0; head < a.heads; head++) {
          TurnHead(keys + head / a.times * a.size, cos, sin, 1, key + head * a.size, a.half, a.size);
          std::copy_n(values + head / a.times * a.size, a.size, value + head * a.size);
        }
      });
    }
  }
  call.Finish();
}

void ArrangeHeadsGrad(void* sharing, TF_OpKernelContext* context) {
  Call call(context);
  ArrangedHeads a;
  if (a.Read(call, *static_cast<HeadSharing*>(sharing), false)) {
    const int64_t from = 3 * a.heads * a.size, to = (a.heads + 2 * a.shared) * a.size;
    float* out = call.Output(0, a.rows, to);
    if (call.Ok()) {
      ForRows(a.rows, from, [&](int64_t row) {
        const float *dy = a.x + row * from, *cos = a.cos + a.Turn(row), *sin = a.sin + a.Turn(row);
        float* dx = out + row * to;
        for (int64_t head = 0; head < a.heads; head++) TurnHead(dy + head * a.size, cos, sin, -1, dx + head * a.size, a.half, a.size);
        const float *keys = dy + a.heads * a.size, *values = keys + a.heads * a.size;
        float *key = dx + a.heads * a.size, *value = key + a.shared * a.size;
        std::vector<float> sum(a.size);
        for (int64_t head = 0; head < a.shared; head++) {
          FoldHeads(keys + head * a.times * a.size, sum.data(), a.times, a.size);
          TurnHead(sum.data(), cos, sin, -1, key + head * a.size, a.half, a.size);
          FoldHeads(values + head * a.times * a.size, value + head * a.size, a.times, a.size);
        }
      });
    }
  }
  call.Finish();
}

void* ReadSharing(TF_OpKernelConstruction* construction) {
  TF_Status* status = TF_NewStatus();
  HeadSharing* sharing = new HeadSharing();
  TF_OpKernelConstruction_GetAttrInt64(construction, "heads", &sharing->heads, status);
  if (TF_GetCode(status) == TF_OK) TF_OpKernelConstruction_GetAttrInt64(construction, "sharing", &sharing->sharing, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return sharing;
}

void DeleteSharing(void* sharing) { delete static_cast<HeadSharing*>(sharing); }

}  // namespace
