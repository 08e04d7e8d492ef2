// Attention of a sample's tokens to each other, one head at a time: small products, on copies that fill whole vectors. Sums go along
// in one order, so that what a sample gets depends on nothing beside it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

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

}  // namespace
