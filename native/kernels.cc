// Kernels for the processor that libtensorflow has not: what lies between two matrix products of a transformer, in one pass
// over memory instead of ten. They are registered with libtensorflow through its C interface when this addon is loaded.
//
//   KnGelu(x [rows, width], bias [width]) -> value, slope      gelu(x + bias) and gelu'(x + bias)
//   KnGeluNew(x [rows, width], bias [width]) -> value, slope   the same of GELU's approximation by tanh
//   KnAddNorm(x, residual [rows, width], gamma, beta [width]; epsilon)
//       -> value, unit [rows, width], inverse [rows, 1]        layer normalisation of x + residual
//   KnNormGrad(dy, unit [rows, width], inverse [rows, 1], gamma [width]) -> dx

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

VECTORISED void AddNormRow(const float* x, const float* residual, const float* gamma, const float* beta, float epsilon,
                           float* value, float* unit, float* inverse, int64_t width) {
  float part[kLanes] = {0};
  const int64_t whole = width - width % kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int lane = 0; lane < kLanes; lane++) {
      const float v = x[i + lane] + residual[i + lane];
      unit[i + lane] = v;
      part[lane] += v;
    }
  }
  float sum = 0;
  for (int64_t i = whole; i < width; i++) sum += unit[i] = x[i] + residual[i];
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
constexpr int64_t kElementsOfThread = 1 << 15;

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
      TF_SetStatus(status_, TF_INVALID_ARGUMENT, ("input " + std::to_string(index) + " has another size").c_str());
      return nullptr;
    }
    return static_cast<const float*>(TF_TensorData(tensor));
  }
  // Rows and width of input 0, which must be a matrix.
  bool Matrix(int64_t* rows, int64_t* width) {
    if (Input(0) == nullptr) return false;
    if (TF_NumDims(tensors_[0]) != 2) {
      TF_SetStatus(status_, TF_INVALID_ARGUMENT, "input 0 is not a matrix");
      return false;
    }
    *rows = TF_Dim(tensors_[0], 0);
    *width = TF_Dim(tensors_[0], 1);
    return true;
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

void AddNorm(void* epsilon, TF_OpKernelContext* context) {
  Call call(context);
  int64_t rows, width;
  if (call.Matrix(&rows, &width)) {
    const float *x = call.Input(0), *residual = call.Input(1, rows * width);
    const float *gamma = call.Input(2, width), *beta = call.Input(3, width);
    float *value = call.Output(0, rows, width), *unit = call.Output(1, rows, width), *inverse = call.Output(2, rows, 1);
    if (call.Ok()) {
      ForRows(rows, width, [&](int64_t i) {
        const int64_t at = i * width;
        AddNormRow(x + at, residual + at, gamma, beta, *static_cast<float*>(epsilon), value + at, unit + at,
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

void* ReadEpsilon(TF_OpKernelConstruction* construction) {
  TF_Status* status = TF_NewStatus();
  float* epsilon = new float(0);
  TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", epsilon, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return epsilon;
}

void DeleteEpsilon(void* epsilon) { delete static_cast<float*>(epsilon); }

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
     &ReadEpsilon,
     &AddNorm,
     &DeleteEpsilon},
    {"KnNormGrad",
     {"dy: float", "unit: float", "inverse: float", "gamma: float"},
     {"dx: float"},
     {},
     nullptr,
     &NormGrad,
     nullptr},
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
