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

// A head's shape.
struct HeadShape {
  int64_t queries, tokens, size;
  float scale;
};

// A head's columns of a matrix: token t's are at `row[t] * width`.
struct Rows {
  float* at;
  const int64_t* row;
  int64_t width;
};
struct ConstRows {
  const float* at;
  const int64_t* row;
  int64_t width;
};

inline void Take(const ConstRows& from, int64_t rows, int64_t size, float* to) {
  for (int64_t i = 0; i < rows; i++) std::copy_n(from.at + from.row[i] * from.width, size, to + i * Padded(size));
}

inline void TakeTransposed(const ConstRows& from, int64_t rows, int64_t size, float* to) {
  for (int64_t i = 0; i < rows; i++) {
    const float* row = from.at + from.row[i] * from.width;
    for (int64_t c = 0; c < size; c++) to[c * Padded(rows) + i] = row[c];
  }
}

inline void Put(const float* from, int64_t rows, int64_t size, const Rows& to) {
  for (int64_t i = 0; i < rows; i++) std::copy_n(from + i * Padded(size), size, to.at + to.row[i] * to.width);
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
  int64_t heads = 0;
  float scale = 0;
};

// What both read: `query`, `keyvalue` and `lengths` are the inputs from `first` on. In a matrix, block t has token t of each sample
// that has so many, in the order of the samples. Queries are asked by every token, or by each sample's first.
struct SelfAttention {
  const float *query, *keyvalue;
  int64_t samples, heads, width, asking, rows;
  float scale;
  std::vector<int64_t> lengths, row, first, weight;
  bool Read(Call& call, int first_input, const Heads& attributes) {
    int64_t queries[2], keys[2], counts[1];
    if (!call.Shape(first_input, 2, queries) || !call.Shape(first_input + 1, 2, keys) || !call.Shape(first_input + 2, 1, counts))
      return false;
    samples = counts[0], heads = attributes.heads, scale = attributes.scale, width = queries[1], asking = queries[0], rows = keys[0];
    if (samples <= 0 || heads <= 0 || keys[1] != 2 * width || width % heads != 0) return call.Refuse("query and keyvalue do not fit");
    query = call.Input(first_input);
    keyvalue = call.Input(first_input + 1);
    const int32_t* tokens = reinterpret_cast<const int32_t*>(call.Input(first_input + 2));
    if (!call.Ok()) return false;
    int64_t sum = 0;
    for (int64_t n = 0; n < samples; n++) {
      if (tokens[n] <= 0 || tokens[n] > rows) return call.Refuse("a sample of no tokens, or of too many");
      sum += tokens[n];
    }
    if (sum != rows || (asking != rows && asking != samples)) return call.Refuse("query, keyvalue and lengths do not fit");
    lengths.assign(tokens, tokens + samples);
    Arrange();
    return true;
  }
  int64_t Queries(int64_t sample) const { return asking == rows ? lengths[sample] : 1; }
  const int64_t* RowsOf(int64_t sample) const { return row.data() + first[sample]; }
  // Of a head, [queries, tokens].
  int64_t Weights(int64_t sample, int64_t head) const {
    return weight[sample] + head * Queries(sample) * lengths[sample];
  }
  int64_t SizeOfWeights() const { return weight[samples]; }
  // In elements of other kernels, which a vector of products is about as much as.
  int64_t WorkOfHead() const { return SizeOfWeights() / (samples * heads) * (width / heads) / 4; }
  HeadShape Shape(int64_t sample) const { return {Queries(sample), lengths[sample], width / heads, scale}; }

 private:
  // Where the rows of each sample are, one sample behind the other; where its weights begin.
  void Arrange() {
    first.assign(1, 0);
    weight.assign(1, 0);
    for (int64_t n = 0; n < samples; n++) {
      first.push_back(first[n] + lengths[n]);
      weight.push_back(weight[n] + heads * Queries(n) * lengths[n]);
    }
    row.resize(rows);
    const int64_t longest = *std::max_element(lengths.begin(), lengths.end());
    int64_t next = 0;
    for (int64_t t = 0; t < longest; t++) {
      for (int64_t n = 0; n < samples; n++) {
        if (t < lengths[n]) row[first[n] + t] = next++;
      }
    }
  }
};

void AttendAll(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  SelfAttention a;
  if (a.Read(call, 0, *static_cast<Heads*>(attributes))) {
    float *out = call.Output(0, a.asking, a.width), *weights = call.Output(1, 1, a.SizeOfWeights());
    if (call.Ok()) {
      ForRows(a.samples * a.heads, a.WorkOfHead(), [&](int64_t i) {
        const int64_t sample = i / a.heads, head = i % a.heads, twice = 2 * a.width, from = head * (a.width / a.heads);
        const int64_t* rows = a.RowsOf(sample);
        AttendTokens(a.Shape(sample), {a.query + from, rows, a.width}, {a.keyvalue + from, rows, twice},
                     {a.keyvalue + a.width + from, rows, twice}, {out + from, rows, a.width}, weights + a.Weights(sample, head));
      });
    }
  }
  call.Finish();
}

void AttendAllGrad(void* attributes, TF_OpKernelContext* context) {
  Call call(context);
  SelfAttention a;
  if (a.Read(call, 1, *static_cast<Heads*>(attributes))) {
    const float *dcontext = call.Input(0, a.asking * a.width), *weights = call.Input(4, a.SizeOfWeights());
    float *dquery = call.Output(0, a.asking, a.width), *dkeyvalue = call.Output(1, a.rows, 2 * a.width);
    if (call.Ok()) {
      ForRows(a.samples * a.heads, 2 * a.WorkOfHead(), [&](int64_t i) {
        const int64_t sample = i / a.heads, head = i % a.heads, twice = 2 * a.width, from = head * (a.width / a.heads);
        const int64_t* rows = a.RowsOf(sample);
        AttendTokensGrad(a.Shape(sample), {dcontext + from, rows, a.width}, {a.query + from, rows, a.width},
                         {a.keyvalue + from, rows, twice}, {a.keyvalue + a.width + from, rows, twice},
                         weights + a.Weights(sample, head), {dquery + from, rows, a.width}, {dkeyvalue + from, rows, twice},
                         {dkeyvalue + a.width + from, rows, twice});
      });
    }
  }
  call.Finish();
}

void* ReadHeads(TF_OpKernelConstruction* construction) {
  TF_Status* status = TF_NewStatus();
  Heads* heads = new Heads();
  TF_OpKernelConstruction_GetAttrInt64(construction, "heads", &heads->heads, status);
  if (TF_GetCode(status) == TF_OK) TF_OpKernelConstruction_GetAttrFloat(construction, "scale", &heads->scale, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return heads;
}

void DeleteHeads(void* heads) { delete static_cast<Heads*>(heads); }

}  // namespace
