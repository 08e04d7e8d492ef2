// Attention of a sample's tokens to each other, one head at a time: small products, on copies that fill whole vectors. Sums go along
// in one order, so that what a sample gets depends on nothing beside it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "call.h"
#include "for-rows.h"
#include "rows.h"

namespace {

using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));

constexpr int64_t Padded(int64_t width) { return (width + kLanes - 1) / kLanes * kLanes; }

// A matrix that is read in any arrangement.
struct Elements {
  const float* at;
  int64_t row, column;
};

// kRows rows of out, as wide as a vector: scale a b, with a [kRows, inner] and b [inner, width].
template <int kRows>
__attribute__((always_inline)) inline void MultiplyBlock(const Elements& a, const float* b, int64_t width, int64_t inner,
                                                         float scale, float* out) {
  Lanes sums[kRows] = {};
  for (int64_t c = 0; c < inner; c++) {
    Lanes right;
    std::memcpy(&right, b + c * width, sizeof right);
    for (int r = 0; r < kRows; r++) sums[r] += a.at[r * a.row + c * a.column] * right;
  }
  for (int r = 0; r < kRows; r++) {
    sums[r] *= scale;
    std::memcpy(out + r * width, &sums[r], sizeof(Lanes));
  }
}

// out [rows, width] = scale a b, with a [rows, inner] and b [inner, width]; width fills vectors.
__attribute__((always_inline)) inline void Multiply(const Elements& a, const float* b, int64_t rows, int64_t inner,
                                                    int64_t width, float scale, float* out) {
  constexpr int kRows = 4;
  for (int64_t j = 0; j < width; j += kLanes) {
    int64_t i = 0;
    for (; i + kRows <= rows; i += kRows)
      MultiplyBlock<kRows>({a.at + i * a.row, a.row, a.column}, b + j, width, inner, scale, out + i * width + j);
    for (; i < rows; i++)
      MultiplyBlock<1>({a.at + i * a.row, a.row, a.column}, b + j, width, inner, scale, out + i * width + j);
  }
}

// A head's shape. Its rows in a matrix lie `stride` apart.
struct HeadShape {
  int64_t queries, tokens, size;
  float scale;
};

// Some columns of a matrix's rows, each `stride` behind the one before.
struct Rows {
  float* at;
  int64_t stride;
};
struct ConstRows {
  const float* at;
  int64_t stride;
};

inline void Take(const ConstRows& from, int64_t rows, int64_t size, float* to) {
  for (int64_t i = 0; i < rows; i++) std::copy_n(from.at + i * from.stride, size, to + i * Padded(size));
}

inline void TakeTransposed(const ConstRows& from, int64_t rows, int64_t size, float* to) {
  for (int64_t i = 0; i < rows; i++) {
    for (int64_t c = 0; c < size; c++) to[c * Padded(rows) + i] = from.at[i * from.stride + c];
  }
}

inline void Put(const float* from, int64_t rows, int64_t size, const Rows& to) {
  for (int64_t i = 0; i < rows; i++) std::copy_n(from + i * Padded(size), size, to.at + i * to.stride);
}

// Zeros, one block behind the other.
class Scratch {
 public:
  explicit Scratch(int64_t size) : all_(size) {}
  float* Next(int64_t size) { return (at_ += size) - size; }

 private:
  std::vector<float> all_;
  float* at_ = all_.data();
};

// softmax(scale q k^T) v. `weights` is [queries, tokens].
VECTORISED void AttendTokens(const HeadShape& s, const ConstRows& query, const ConstRows& key, const ConstRows& value,
                             const Rows& context, float* weights) {
  const int64_t size = Padded(s.size), tokens = Padded(s.tokens);
  Scratch scratch(s.queries * (2 * size + tokens) + s.size * tokens + s.tokens * size);
  float *q = scratch.Next(s.queries * size), *keys = scratch.Next(s.size * tokens), *values = scratch.Next(s.tokens * size);
  float *scores = scratch.Next(s.queries * tokens), *out = scratch.Next(s.queries * size);
  Take(query, s.queries, s.size, q);
  TakeTransposed(key, s.tokens, s.size, keys);
  Take(value, s.tokens, s.size, values);

  Multiply({q, size, 1}, keys, s.queries, s.size, tokens, s.scale, scores);
  for (int64_t i = 0; i < s.queries; i++) {
    float* row = scores + i * tokens;
    const float top = *std::max_element(row, row + s.tokens);
    for (int64_t c = 0; c < s.tokens; c++) row[c] = ExpOfNegative(row[c] - top);
    float sum = 0;
    for (int64_t c = 0; c < s.tokens; c++) sum += row[c];
    for (int64_t c = 0; c < s.tokens; c++) row[c] /= sum;
    std::copy_n(row, s.tokens, weights + i * s.tokens);
  }
  Multiply({scores, tokens, 1}, values, s.queries, s.tokens, size, 1.0f, out);
  Put(out, s.queries, s.size, context);
}

// dscore = scale weight (dweight - sum of weight dweight), with dweight = dcontext value.
VECTORISED void AttendTokensGrad(const HeadShape& s, const ConstRows& dcontext, const ConstRows& query, const ConstRows& key,
                                 const ConstRows& value, const float* weights, const Rows& dquery, const Rows& dkey,
                                 const Rows& dvalue) {
  const int64_t size = Padded(s.size), tokens = Padded(s.tokens);
  Scratch scratch(s.queries * (2 * size + tokens) + s.tokens * size + s.size * tokens + std::max(s.queries, s.tokens) * size);
  float *dc = scratch.Next(s.queries * size), *q = scratch.Next(s.queries * size), *k = scratch.Next(s.tokens * size);
  float *values = scratch.Next(s.size * tokens), *dscores = scratch.Next(s.queries * tokens);
  float* out = scratch.Next(std::max(s.queries, s.tokens) * size);
  Take(dcontext, s.queries, s.size, dc);
  Take(query, s.queries, s.size, q);
  Take(key, s.tokens, s.size, k);
  TakeTransposed(value, s.tokens, s.size, values);

  Multiply({dc, size, 1}, values, s.queries, s.size, tokens, 1.0f, dscores);
  for (int64_t i = 0; i < s.queries; i++) {
    float* row = dscores + i * tokens;
    const float* weight = weights + i * s.tokens;
    float along = 0;
    for (int64_t c = 0; c < s.tokens; c++) along += weight[c] * row[c];
    for (int64_t c = 0; c < s.tokens; c++) row[c] = s.scale * weight[c] * (row[c] - along);
  }
  Multiply({dscores, tokens, 1}, k, s.queries, s.tokens, size, 1.0f, out);
  Put(out, s.queries, s.size, dquery);
  Multiply({dscores, 1, tokens}, q, s.tokens, s.queries, size, 1.0f, out);
  Put(out, s.tokens, s.size, dkey);
  Multiply({weights, 1, s.tokens}, dc, s.tokens, s.queries, size, 1.0f, out);
  Put(out, s.tokens, s.size, dvalue);
}

// Attributes of both kernels in which a sample's tokens attend to each other.
struct Heads {
  int64_t samples = 0, heads = 0;
  float scale = 0;
};

// What both read: `query` and `keyvalue` are the inputs `first` and the next.
struct SelfAttention {
  const float *query, *keyvalue;
  int64_t samples, heads, width, queries, tokens;
  HeadShape shape;
  bool Read(Call& call, int first, const Heads& attributes) {
    int64_t asking[2], asked[2];
    if (!call.Shape(first, 2, asking) || !call.Shape(first + 1, 2, asked)) return false;
    samples = attributes.samples, heads = attributes.heads, width = asking[1];
    if (samples <= 0 || heads <= 0 || asked[1] != 2 * width || width % heads != 0 || asking[0] % samples != 0 ||
        asked[0] % samples != 0)
      return call.Refuse("query and keyvalue do not fit");
    queries = asking[0] / samples, tokens = asked[0] / samples;
    shape = {queries, tokens, width / heads, attributes.scale};
    query = call.Input(first);
    keyvalue = call.Input(first + 1);
    return call.Ok();
  }
  // Where a head of a sample begins in a matrix of so many columns: in `keyvalue` of twice the width, values from the width on.
  int64_t Start(int64_t sample, int64_t head, int64_t columns, int64_t from = 0) const {
    return sample * columns + from + head * (width / heads);
  }
  // From a token of a sample to its next.
  int64_t Stride(int64_t columns) const { return samples * columns; }
  // In elements of other kernels, which a vector of products is about as much as.
  int64_t WorkOfHead() const { return queries * tokens * (width / heads) / 4; }
  int64_t SizeOfWeights() const { return samples * heads * queries * tokens; }
};

void AttendAll(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  SelfAttention a;
  if (a.Read(call, 0, *static_cast<Heads*>(attributes))) {
    float *out = call.Output(0, a.samples * a.queries, a.width);
    float *weights = call.Output(1, a.samples * a.heads * a.queries, a.tokens);
    if (call.Ok()) {
      ForRows(a.samples * a.heads, a.WorkOfHead(), [&](int64_t i) {
        const int64_t sample = i / a.heads, head = i % a.heads, twice = 2 * a.width;
        const int64_t own = a.Start(sample, head, a.width);
        AttendTokens(a.shape, {a.query + own, a.Stride(a.width)},
                     {a.keyvalue + a.Start(sample, head, twice), a.Stride(twice)},
                     {a.keyvalue + a.Start(sample, head, twice, a.width), a.Stride(twice)}, {out + own, a.Stride(a.width)},
                     weights + i * a.queries * a.tokens);
      });
    }
  }
  call.Finish();
}

void AttendAllGrad(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  SelfAttention a;
  if (a.Read(call, 1, *static_cast<Heads*>(attributes))) {
    const float *dcontext = call.Input(0, a.samples * a.queries * a.width);
    const float *weights = call.Input(3, a.SizeOfWeights());
    float *dquery = call.Output(0, a.samples * a.queries, a.width);
    float *dkeyvalue = call.Output(1, a.samples * a.tokens, 2 * a.width);
    if (call.Ok()) {
      ForRows(a.samples * a.heads, 2 * a.WorkOfHead(), [&](int64_t i) {
        const int64_t sample = i / a.heads, head = i % a.heads, twice = 2 * a.width;
        const int64_t own = a.Start(sample, head, a.width), stride = a.Stride(a.width);
        const int64_t key = a.Start(sample, head, twice), value = a.Start(sample, head, twice, a.width);
        AttendTokensGrad(a.shape, {dcontext + own, stride}, {a.query + own, stride}, {a.keyvalue + key, a.Stride(twice)},
                         {a.keyvalue + value, a.Stride(twice)}, weights + i * a.queries * a.tokens, {dquery + own, stride},
                         {dkeyvalue + key, a.Stride(twice)}, {dkeyvalue + value, a.Stride(twice)});
      });
    }
  }
  call.Finish();
}

void* ReadHeads(TF_OpKernelConstruction* construction) {
  TF_Status* status = TF_NewStatus();
  Heads* heads = new Heads();
  TF_OpKernelConstruction_GetAttrInt64(construction, "samples", &heads->samples, status);
  if (TF_GetCode(status) == TF_OK) TF_OpKernelConstruction_GetAttrInt64(construction, "heads", &heads->heads, status);
  if (TF_GetCode(status) == TF_OK) TF_OpKernelConstruction_GetAttrFloat(construction, "scale", &heads->scale, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return heads;
}

void DeleteHeads(void* heads) { delete static_cast<Heads*>(heads); }

}  // namespace
