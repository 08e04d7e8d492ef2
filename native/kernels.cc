// Kernels for the processor that libtensorflow has not: what lies between two matrix products of a transformer, in one pass
// over memory instead of ten. They are registered with libtensorflow through its C interface when this addon is loaded.
//
//   KnGelu(x [rows, width], bias [width]) -> value, slope      gelu(x + bias) and gelu'(x + bias)
//   KnGeluNew(x [rows, width], bias [width]) -> value, slope   the same of GELU's approximation by tanh
//   KnAddNorm(x, residual [rows, width], gamma, beta [width]; epsilon)
//       -> value, unit [rows, width], inverse [rows, 1]        layer normalisation of x + residual
//   KnNorm(x, gamma, beta; epsilon)                            the same of x alone
//   KnNormGrad(dy, unit [rows, width], inverse [rows, 1], gamma [width]) -> dx
//   KnAddWithBias(x [rows, width], bias [width], residual [rows, width]) -> sum
//   KnAnswer(scores [rows, width], answers: int32 [rows])
//       -> others [rows, width], answer, rest [rows, 1]        softmax, but 0 at the answer; there; the sum of the others
//   KnCachedAttention(inputs [rows, 3 heads size], keys, values [prompts, heads, earlier, size]; scale)
//       -> context [rows, heads size], weights [rows, heads (earlier + 1)]      each row attends to the earlier ones and itself
//   KnCachedAttentionGrad(dcontext, inputs, weights, keys, values; scale) -> dinputs

#include <node_api.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "tensorflow/c/c_api.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"

// One binary serves processors of different age: a data folder may be shared by the machines of a cluster.
#if defined(__x86_64__) && !defined(__clang__) && __GNUC__ >= 12
#define VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#elif defined(__x86_64__) && !defined(__clang__) && defined(__GNUC__)
#define VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VECTORISED
#endif

namespace {

// Sums are made in this many parts, so that a compiler may keep them in vector registers.
constexpr int kLanes = 16;

// ---------------------------------------------------------------- arithmetic

// Adding it pushes all that is below 1 out of a float.
constexpr float kRounding = 12582912.0f;

// exp(y) for y <= 0, to 2 units in the last place: Cody and Waite's reduction to |r| <= ln(2) / 2, and the polynomial of
// Moshier's Cephes library (expf).
__attribute__((always_inline)) inline float ExpOfNegative(float y) {
  y = std::max(y, -87.0f);
  const float n = (y * 1.44269504088896341f + kRounding) - kRounding;
  const float r = (y - n * 0.693359375f) + n * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const int32_t bits = (static_cast<int32_t>(n) + 127) << 23;
  float power;
  std::memcpy(&power, &bits, sizeof power);
  return p * power;
}

// As byPolynomial in src/model/layers/nonlinearity.ts: the upper tail by Abramowitz and Stegun 7.1.26, |error| <= 7.5e-8.
VECTORISED void GeluRow(const float* __restrict x, const float* __restrict bias, float* __restrict value,
                        float* __restrict slope, int64_t width) {
  for (int64_t i = 0; i < width; i++) {
    const float v = x[i] + bias[i];
    const float u = std::fabs(v);
    const float bell = ExpOfNegative(-0.5f * u * u);
    const float t = 1.0f / (1.0f + 0.3275911f * 0.70710678118654752f * u);
    float p = 1.061405429f * 0.5f;
    p = p * t - 1.453152027f * 0.5f;
    p = p * t + 1.421413741f * 0.5f;
    p = p * t - 0.284496736f * 0.5f;
    p = p * t + 0.254829592f * 0.5f;
    const float tail = p * t * bell;
    const float bend = u * bell * 0.39894228040143268f - tail;
    value[i] = std::max(v, 0.0f) - u * tail;
    slope[i] = v > 0.0f ? 1.0f + bend : -bend;
  }
}

// As byTanh in src/model/layers/nonlinearity.ts: (1 + tanh u) / 2 is the sigmoid of 2u, of which only e^-|2u| is computed.
VECTORISED void GeluNewRow(const float* __restrict x, const float* __restrict bias, float* __restrict value,
                           float* __restrict slope, int64_t width) {
  constexpr float kTwice = 2.0f * 0.79788456080286536f; // 2 sqrt(2 / pi)
  for (int64_t i = 0; i < width; i++) {
    const float v = x[i] + bias[i];
    const float square = 0.044715f * v * v;
    const float twice = kTwice * v * (1.0f + square);
    const float e = ExpOfNegative(-std::fabs(twice));
    const float upper = 1.0f / (1.0f + e), lower = e * upper;
    const float s = twice > 0.0f ? upper : lower, rest = twice > 0.0f ? lower : upper; // rest = 1 - s, with all its digits
    value[i] = v * s;
    slope[i] = s + v * s * rest * kTwice * (1.0f + 3.0f * square);
  }
}

// `residual` may be null.
VECTORISED void AddNormRow(const float* x, const float* residual, const float* gamma, const float* beta, float epsilon,
                           float* value, float* unit, float* inverse, int64_t width) {
  float part[kLanes] = {0};
  const int64_t whole = width - width % kLanes;
  for (int64_t i = 0; i < width; i++) unit[i] = residual == nullptr ? x[i] : x[i] + residual[i];
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int lane = 0; lane < kLanes; lane++) part[lane] += unit[i + lane];
  }
  float sum = 0;
  for (int64_t i = whole; i < width; i++) sum += unit[i];
  for (const float lane : part) sum += lane;
  const float mean = sum / width;

  std::fill(part, part + kLanes, 0.0f);
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int lane = 0; lane < kLanes; lane++) {
      const float centred = unit[i + lane] - mean;
      part[lane] += centred * centred;
    }
  }
  float squares = 0;
  for (int64_t i = whole; i < width; i++) squares += (unit[i] - mean) * (unit[i] - mean);
  for (const float lane : part) squares += lane;
  *inverse = 1.0f / std::sqrt(squares / width + epsilon);

  const float scale = *inverse;
  for (int64_t i = 0; i < width; i++) {
    unit[i] = (unit[i] - mean) * scale;
    value[i] = unit[i] * gamma[i] + beta[i];
  }
}

// dx = (g - mean(g) - unit mean(g unit)) / deviation, with g = dy gamma.
VECTORISED void NormGradRow(const float* dy, const float* unit, float inverse, const float* gamma, float* dx,
                            int64_t width) {
  float sums[kLanes] = {0}, alongs[kLanes] = {0};
  const int64_t whole = width - width % kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int lane = 0; lane < kLanes; lane++) {
      const float g = dy[i + lane] * gamma[i + lane];
      sums[lane] += g;
      alongs[lane] += g * unit[i + lane];
    }
  }
  float sum = 0, along = 0;
  for (int64_t i = whole; i < width; i++) {
    sum += dy[i] * gamma[i];
    along += dy[i] * gamma[i] * unit[i];
  }
  for (int lane = 0; lane < kLanes; lane++) {
    sum += sums[lane];
    along += alongs[lane];
  }
  const float mean = sum / width, slope = along / width;
  for (int64_t i = 0; i < width; i++) dx[i] = (dy[i] * gamma[i] - mean - unit[i] * slope) * inverse;
}

VECTORISED void AddWithBiasRow(const float* __restrict x, const float* __restrict bias, const float* __restrict residual,
                               float* __restrict sum, int64_t width) {
  for (int64_t i = 0; i < width; i++) sum[i] = x[i] + bias[i] + residual[i];
}

// The answer is left out of the sum: taken away from it later, it would leave few digits where it is near 1.
VECTORISED void AnswerRow(const float* scores, int64_t answer, float* others, float* own, float* rest, int64_t width) {
  const int64_t whole = width - width % kLanes;
  float tops[kLanes], part[kLanes] = {0};
  std::fill(tops, tops + kLanes, scores[0]);
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int lane = 0; lane < kLanes; lane++) tops[lane] = std::max(tops[lane], scores[i + lane]);
  }
  float top = scores[0];
  for (const float lane : tops) top = std::max(top, lane);
  for (int64_t i = whole; i < width; i++) top = std::max(top, scores[i]);

  for (int64_t i = 0; i < width; i++) others[i] = ExpOfNegative(scores[i] - top);
  const float at = others[answer];
  others[answer] = 0.0f;
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int lane = 0; lane < kLanes; lane++) part[lane] += others[i + lane];
  }
  float sum = 0;
  for (int64_t i = whole; i < width; i++) sum += others[i];
  for (const float lane : part) sum += lane;

  const float scale = 1.0f / (sum + at);
  for (int64_t i = 0; i < width; i++) others[i] *= scale;
  *own = at * scale;
  *rest = sum * scale;
}

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

// ---------------------------------------------------------------- threads

// As many as libtensorflow uses for one operation.
int Threads() {
  static const int threads = [] {
    const char* named = std::getenv("TF_NUM_INTRAOP_THREADS");
    const int number = named ? std::atoi(named) : 0;
    return std::max(1, number > 0 ? number : static_cast<int>(std::thread::hardware_concurrency()));
  }();
  return threads;
}

// Less work than this is not worth a thread.
constexpr int64_t kElementsOfThread = 1 << 17;

// Calls row(i) for each row. Every row is computed in the same way whatever the number of threads.
template <typename Row>
void ForRows(int64_t rows, int64_t width, const Row& row) {
  const int64_t worth = rows * width / kElementsOfThread;
  const int threads = static_cast<int>(std::max<int64_t>(1, std::min<int64_t>({Threads(), rows, worth})));
  const auto part = [&](int thread) {
    for (int64_t i = rows * thread / threads; i < rows * (thread + 1) / threads; i++) row(i);
  };
  std::vector<std::thread> others;
  for (int thread = 1; thread < threads; thread++) others.emplace_back(part, thread);
  part(0);
  for (std::thread& other : others) other.join();
}

// ---------------------------------------------------------------- libtensorflow's C interface

// A kernel's inputs and outputs, and the first error: libtensorflow's own calls would write over it, so none follows it.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    for (TF_Tensor* tensor : tensors_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  // Fails unless input `index` has `size` elements; any size where it is negative.
  const float* Input(int index, int64_t size = -1) {
    if (!Ok()) return nullptr;
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    if (tensor != nullptr) tensors_.push_back(tensor);
    if (!Ok()) return nullptr;
    if (size >= 0 && TF_TensorElementCount(tensor) != size) {
      Refuse("input " + std::to_string(index) + " has another size");
      return nullptr;
    }
    return static_cast<const float*>(TF_TensorData(tensor));
  }
  // Rows and width of input 0, which must be a matrix.
  bool Matrix(int64_t* rows, int64_t* width) {
    int64_t dims[2];
    if (!Shape(0, 2, dims)) return false;
    *rows = dims[0];
    *width = dims[1];
    return true;
  }
  // Fails unless input `index` has `rank` dimensions.
  bool Shape(int index, int rank, int64_t* dims) {
    if (Input(index) == nullptr) return false;
    TF_Tensor* tensor = tensors_.back();
    if (TF_NumDims(tensor) != rank) return Refuse("input " + std::to_string(index) + " has another rank");
    for (int i = 0; i < rank; i++) dims[i] = TF_Dim(tensor, i);
    return true;
  }
  // Fails, if nothing has failed before.
  bool Refuse(const std::string& message) {
    if (Ok()) TF_SetStatus(status_, TF_INVALID_ARGUMENT, message.c_str());
    return false;
  }
  float* Output(int index, int64_t rows, int64_t width) {
    if (!Ok()) return nullptr;
    const int64_t dims[] = {rows, width};
    TF_Tensor* tensor = TF_AllocateOutput(context_, index, TF_FLOAT, dims, 2, rows * width * sizeof(float), status_);
    if (tensor != nullptr) tensors_.push_back(tensor);
    return Ok() ? static_cast<float*>(TF_TensorData(tensor)) : nullptr;
  }
  bool Ok() const { return TF_GetCode(status_) == TF_OK; }
  // To be called last: reports the error, if any.
  void Finish() {
    if (!Ok()) TF_OpKernelContext_Failure(context_, status_);
  }

 private:
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> tensors_;
};

using RowOfGelu = void (*)(const float*, const float*, float*, float*, int64_t);

template <RowOfGelu kRow>
void Gelu(void*, TF_OpKernelContext* context) {
  Call call(context);
  int64_t rows, width;
  if (call.Matrix(&rows, &width)) {
    const float *x = call.Input(0), *bias = call.Input(1, width);
    float *value = call.Output(0, rows, width), *slope = call.Output(1, rows, width);
    if (call.Ok()) {
      ForRows(rows, width, [&](int64_t i) {
        kRow(x + i * width, bias, value + i * width, slope + i * width, width);
      });
    }
  }
  call.Finish();
}

template <bool kResidual>
void Norm(void* epsilon, TF_OpKernelContext* context) {
  Call call(context);
  int64_t rows, width;
  if (call.Matrix(&rows, &width)) {
    int input = 0;
    const float *x = call.Input(input++), *residual = kResidual ? call.Input(input++, rows * width) : nullptr;
    const float *gamma = call.Input(input++, width), *beta = call.Input(input++, width);
    float *value = call.Output(0, rows, width), *unit = call.Output(1, rows, width), *inverse = call.Output(2, rows, 1);
    if (call.Ok()) {
      ForRows(rows, width, [&](int64_t i) {
        const int64_t at = i * width;
        AddNormRow(x + at, kResidual ? residual + at : nullptr, gamma, beta, *static_cast<float*>(epsilon), value + at, unit + at,
                   inverse + i, width);
      });
    }
  }
  call.Finish();
}

void NormGrad(void*, TF_OpKernelContext* context) {
  Call call(context);
  int64_t rows, width;
  if (call.Matrix(&rows, &width)) {
    const float *dy = call.Input(0), *unit = call.Input(1, rows * width);
    const float *inverse = call.Input(2, rows), *gamma = call.Input(3, width);
    float* dx = call.Output(0, rows, width);
    if (call.Ok()) {
      ForRows(rows, width, [&](int64_t i) {
        NormGradRow(dy + i * width, unit + i * width, inverse[i], gamma, dx + i * width, width);
      });
    }
  }
  call.Finish();
}

void AddWithBias(void*, TF_OpKernelContext* context) {
  Call call(context);
  int64_t rows, width;
  if (call.Matrix(&rows, &width)) {
    const float *x = call.Input(0), *bias = call.Input(1, width), *residual = call.Input(2, rows * width);
    float* sum = call.Output(0, rows, width);
    if (call.Ok()) {
      ForRows(rows, width, [&](int64_t i) {
        AddWithBiasRow(x + i * width, bias, residual + i * width, sum + i * width, width);
      });
    }
  }
  call.Finish();
}

void Answer(void*, TF_OpKernelContext* context) {
  Call call(context);
  int64_t rows, width;
  if (call.Matrix(&rows, &width)) {
    const float* scores = call.Input(0);
    const int32_t* answers = reinterpret_cast<const int32_t*>(call.Input(1, rows));
    for (int64_t i = 0; call.Ok() && i < rows; i++) {
      if (answers[i] < 0 || answers[i] >= width) call.Refuse("no token " + std::to_string(answers[i]));
    }
    float *others = call.Output(0, rows, width), *own = call.Output(1, rows, 1), *rest = call.Output(2, rows, 1);
    if (call.Ok()) {
      ForRows(rows, width, [&](int64_t i) {
        AnswerRow(scores + i * width, answers[i], others + i * width, own + i, rest + i, width);
      });
    }
  }
  call.Finish();
}

// What both attention kernels read: `first` is the index of `inputs`.
struct Attention {
  const float *inputs, *keys, *values;
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
    return call.Ok();
  }
  int64_t Cache(int64_t row, int64_t head) const { return (row / (rows / prompts) * heads + head) * earlier * size; }
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
                     out + row * a.hidden + head * a.size, weights + (row * a.heads + head) * (a.earlier + 1), a.earlier,
                     a.size);
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
                         dq, dq + a.hidden, dq + 2 * a.hidden, dscores.data(), a.earlier, a.size);
        }
      });
    }
  }
  call.Finish();
}

template <const char* kName>
void* ReadFloat(TF_OpKernelConstruction* construction) {
  TF_Status* status = TF_NewStatus();
  float* value = new float(0);
  TF_OpKernelConstruction_GetAttrFloat(construction, kName, value, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return value;
}

constexpr char kEpsilon[] = "epsilon", kScale[] = "scale";

void DeleteFloat(void* value) { delete static_cast<float*>(value); }

struct Operation {
  const char* name;
  std::vector<const char*> inputs, outputs, attributes;
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
  void (*destroy)(void*);
};

// Shapes matter to graphs alone, and kn runs operations one by one.
void UnknownShapes(TF_ShapeInferenceContext* context, TF_Status* status) {
  TF_ShapeInferenceContextSetUnknownShape(context, status);
}

std::string Register(const Operation& operation) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(operation.name);
  for (const char* input : operation.inputs) TF_OpDefinitionBuilderAddInput(definition, input);
  for (const char* output : operation.outputs) TF_OpDefinitionBuilderAddOutput(definition, output);
  for (const char* attribute : operation.attributes) TF_OpDefinitionBuilderAddAttr(definition, attribute);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, &UnknownShapes);
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) == TF_OK) {
    TF_KernelBuilder* kernel =
        TF_NewKernelBuilder(operation.name, "CPU", operation.create, operation.compute, operation.destroy);
    TF_RegisterKernelBuilder(operation.name, kernel, status);
  }
  const std::string error = TF_GetCode(status) == TF_OK ? "" : TF_Message(status);
  TF_DeleteStatus(status);
  return error;
}

const Operation kOperations[] = {
    {"KnGelu", {"x: float", "bias: float"}, {"value: float", "slope: float"}, {}, nullptr, &Gelu<GeluRow>, nullptr},
    {"KnGeluNew", {"x: float", "bias: float"}, {"value: float", "slope: float"}, {}, nullptr, &Gelu<GeluNewRow>, nullptr},
    {"KnAddNorm",
     {"x: float", "residual: float", "gamma: float", "beta: float"},
     {"value: float", "unit: float", "inverse: float"},
     {"epsilon: float"},
     &ReadFloat<kEpsilon>,
     &Norm<true>,
     &DeleteFloat},
    {"KnNorm",
     {"x: float", "gamma: float", "beta: float"},
     {"value: float", "unit: float", "inverse: float"},
     {"epsilon: float"},
     &ReadFloat<kEpsilon>,
     &Norm<false>,
     &DeleteFloat},
    {"KnNormGrad",
     {"dy: float", "unit: float", "inverse: float", "gamma: float"},
     {"dx: float"},
     {},
     nullptr,
     &NormGrad,
     nullptr},
    {"KnAddWithBias",
     {"x: float", "bias: float", "residual: float"},
     {"sum: float"},
     {},
     nullptr,
     &AddWithBias,
     nullptr},
    {"KnAnswer",
     {"scores: float", "answers: int32"},
     {"others: float", "answer: float", "rest: float"},
     {},
     nullptr,
     &Answer,
     nullptr},
    {"KnCachedAttention",
     {"inputs: float", "keys: float", "values: float"},
     {"context: float", "weights: float"},
     {"scale: float"},
     &ReadFloat<kScale>,
     &CachedAttention,
     &DeleteFloat},
    {"KnCachedAttentionGrad",
     {"dcontext: float", "inputs: float", "weights: float", "keys: float", "values: float"},
     {"dinputs: float"},
     {"scale: float"},
     &ReadFloat<kScale>,
     &CachedAttentionGrad,
     &DeleteFloat},
};

}  // namespace

// A pass makes and frees blocks of megabytes by the thousand. By default each would come from the system and go back to it,
// and every one of its pages would be cleared and mapped anew.
void KeepFreedMemory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

// Registers the kernels, and exports their names as `operations`; throws where libtensorflow refuses one.
NAPI_MODULE_INIT() {
  KeepFreedMemory();
  napi_value names;
  napi_create_array(env, &names);
  uint32_t count = 0;
  for (const Operation& operation : kOperations) {
    const std::string error = Register(operation);
    if (!error.empty()) {
      napi_throw_error(env, nullptr, (std::string(operation.name) + ": " + error).c_str());
      break;
    }
    napi_value name;
    napi_create_string_utf8(env, operation.name, NAPI_AUTO_LENGTH, &name);
    napi_set_element(env, names, count++, name);
  }
  napi_set_named_property(env, exports, "operations", names);
  return exports;
}
