// Kernels for the processor that libtensorflow has not: what lies between two matrix products of a transformer, in one pass
// over memory instead of ten. They are registered with libtensorflow through its C interface when this addon is loaded.
//
//   KnGelu(x [rows, width], bias [width]) -> value, slope      gelu(x + bias) and gelu'(x + bias)
//   KnGeluNew(x [rows, width], bias [width]) -> value, slope   the same of GELU's approximation by tanh
//   KnAddBiasNorm(x [rows, width], bias [width], residual [rows, width], gamma, beta [width]; epsilon)
//       -> value, unit [rows, width], inverse [rows, 1]        layer normalisation of x + bias + residual
//   KnNorm(x, gamma, beta; epsilon)                            the same of x alone
//   KnNormGrad(dy, unit [rows, width], inverse [rows, 1], gamma [width]) -> dx
//   KnAddWithBias(x [rows, width], bias [width], residual [rows, width]) -> sum
//   KnAnswer(scores [rows, width], answers: int32 [rows])
//       -> others [rows, width], answer, rest [rows, 1]        softmax, but 0 at the answer; there; the sum of the others
//   KnMixedCachedAttention(inputs [rows, 3 heads size], keys, values [prompts, heads, earlier, size], seen: int32 [prompts]; scale)
//       -> context [rows, heads size], weights [rows, heads (earlier + 1)]      each row attends to its prompt's first and itself
//   KnMixedCachedAttentionGrad(dcontext, inputs, weights, keys, values, seen; scale) -> dinputs
//   KnMixedAttention(query [rows or samples, width], keyvalue [rows, 2 width], lengths: int32 [samples]; heads, scale)
//       -> context like query, weights [1, sum of heads queries tokens]         each token attends to all of its own sample
//   KnMixedAttentionGrad(dcontext, query, keyvalue, lengths, weights; heads, scale) -> dquery, dkeyvalue
//   KnSiluGate(x [rows, 2 width], bias [2 width]) -> z, along_gate, along_up [rows, width]    silu(gate) up and its slopes, gates beside ups
//   KnGeluNewGate                                              the same of GELU's approximation
//   KnGateGrad(dz, along_gate, along_up [rows, width]) -> dx [rows, 2 width]
//   KnRmsNorm(x [rows, width], gamma [width]; epsilon) -> value, unit [rows, width], inverse [rows, 1]
//   KnRmsNormGrad(dy, unit, inverse, gamma) -> dx
//   KnArrangeHeads(inputs [rows, (heads + 2 heads / sharing) size], cos, sin [rows or 1, half]; heads, sharing) -> [rows, 3 heads size]
//   KnArrangeHeadsGrad(doutputs, cos, sin; heads, sharing) -> dinputs

#include <node_api.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "arrange-heads.h"
#include "cached-attention.h"
#include "call.h"
#include "for-rows.h"
#include "rows.h"
#include "self-attention.h"
#include "tensorflow/c/c_api.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"

namespace {

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

using RowOfGate = void (*)(const float*, const float*, const float*, const float*, float*, float*, float*, int64_t);

template <RowOfGate kRow>
void Gate(void*, TF_OpKernelContext* context) {
  Call call(context);
  int64_t rows, both;
  if (call.Matrix(&rows, &both)) {
    if (both % 2 != 0) call.Refuse("gates without ups");
    const int64_t width = both / 2;
    const float *x = call.Input(0), *bias = call.Input(1, both);
    float *z = call.Output(0, rows, width), *gate = call.Output(1, rows, width), *up = call.Output(2, rows, width);
    if (call.Ok()) {
      ForRows(rows, both, [&](int64_t i) {
        const float* row = x + i * both;
        kRow(row, row + width, bias, bias + width, z + i * width, gate + i * width, up + i * width, width);
      });
    }
  }
  call.Finish();
}

void GateGrad(void*, TF_OpKernelContext* context) {
  Call call(context);
  int64_t rows, width;
  if (call.Matrix(&rows, &width)) {
    const float *dz = call.Input(0), *gate = call.Input(1, rows * width), *up = call.Input(2, rows * width);
    float* dx = call.Output(0, rows, 2 * width);
    if (call.Ok()) {
      ForRows(rows, 2 * width, [&](int64_t i) {
        const int64_t at = i * width;
        GateGradRow(dz + at, gate + at, up + at, dx + 2 * at, dx + 2 * at + width, width);
      });
    }
  }
  call.Finish();
}

void RmsNorm(void* epsilon, TF_OpKernelContext* context) {
  Call call(context);
  int64_t rows, width;
  if (call.Matrix(&rows, &width)) {
    const float *x = call.Input(0), *gamma = call.Input(1, width);
    float *value = call.Output(0, rows, width), *unit = call.Output(1, rows, width), *inverse = call.Output(2, rows, 1);
    if (call.Ok()) {
      ForRows(rows, width, [&](int64_t i) {
        RmsNormRow(x + i * width, gamma, *static_cast<float*>(epsilon), value + i * width, unit + i * width, inverse + i, width);
      });
    }
  }
  call.Finish();
}

template <bool kSum>
void Norm(void* epsilon, TF_OpKernelContext* context) {
  Call call(context);
  int64_t rows, width;
  if (call.Matrix(&rows, &width)) {
    int input = 0;
    const float *x = call.Input(input++), *bias = kSum ? call.Input(input++, width) : nullptr;
    const float* residual = kSum ? call.Input(input++, rows * width) : nullptr;
    const float *gamma = call.Input(input++, width), *beta = call.Input(input++, width);
    float *value = call.Output(0, rows, width), *unit = call.Output(1, rows, width), *inverse = call.Output(2, rows, 1);
    if (call.Ok()) {
      ForRows(rows, width, [&](int64_t i) {
        const int64_t at = i * width;
        AddNormRow(x + at, bias, kSum ? residual + at : nullptr, gamma, beta, *static_cast<float*>(epsilon), value + at, unit + at,
                   inverse + i, width);
      });
    }
  }
  call.Finish();
}

using RowOfNormGrad = void (*)(const float*, const float*, float, const float*, float*, int64_t);

// Of both normalisations.
template <RowOfNormGrad kRow>
void NormGrad(void*, TF_OpKernelContext* context) {
  Call call(context);
  int64_t rows, width;
  if (call.Matrix(&rows, &width)) {
    const float *dy = call.Input(0), *unit = call.Input(1, rows * width);
    const float *inverse = call.Input(2, rows), *gamma = call.Input(3, width);
    float* dx = call.Output(0, rows, width);
    if (call.Ok()) {
      ForRows(rows, width, [&](int64_t i) {
        kRow(dy + i * width, unit + i * width, inverse[i], gamma, dx + i * width, width);
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
    {"KnAddBiasNorm",
     {"x: float", "bias: float", "residual: float", "gamma: float", "beta: float"},
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
     &NormGrad<NormGradRow>,
     nullptr},
    {"KnSiluGate",
     {"x: float", "bias: float"},
     {"z: float", "along_gate: float", "along_up: float"},
     {},
     nullptr,
     &Gate<SiluGateRow>,
     nullptr},
    {"KnGeluNewGate",
     {"x: float", "bias: float"},
     {"z: float", "along_gate: float", "along_up: float"},
     {},
     nullptr,
     &Gate<GeluNewGateRow>,
     nullptr},
    {"KnGateGrad", {"dz: float", "along_gate: float", "along_up: float"}, {"dx: float"}, {}, nullptr, &GateGrad, nullptr},
    {"KnRmsNorm",
     {"x: float", "gamma: float"},
     {"value: float", "unit: float", "inverse: float"},
     {"epsilon: float"},
     &ReadFloat<kEpsilon>,
     &RmsNorm,
     &DeleteFloat},
    {"KnRmsNormGrad",
     {"dy: float", "unit: float", "inverse: float", "gamma: float"},
     {"dx: float"},
     {},
     nullptr,
     &NormGrad<RmsNormGradRow>,
     nullptr},
    {"KnArrangeHeads",
     {"inputs: float", "cos: float", "sin: float"},
     {"outputs: float"},
     {"heads: int", "sharing: int"},
     &ReadSharing,
     &ArrangeHeads,
     &DeleteSharing},
    {"KnArrangeHeadsGrad",
     {"doutputs: float", "cos: float", "sin: float"},
     {"dinputs: float"},
     {"heads: int", "sharing: int"},
     &ReadSharing,
     &ArrangeHeadsGrad,
     &DeleteSharing},
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
    {"KnMixedCachedAttention",
     {"inputs: float", "keys: float", "values: float", "seen: int32"},
     {"context: float", "weights: float"},
     {"scale: float"},
     &ReadFloat<kScale>,
     &CachedAttention,
     &DeleteFloat},
    {"KnMixedCachedAttentionGrad",
     {"dcontext: float", "inputs: float", "weights: float", "keys: float", "values: float", "seen: int32"},
     {"dinputs: float"},
     {"scale: float"},
     &ReadFloat<kScale>,
     &CachedAttentionGrad,
     &DeleteFloat},
    {"KnMixedAttention",
     {"query: float", "keyvalue: float", "lengths: int32"},
     {"context: float", "weights: float"},
     {"heads: int", "scale: float"},
     &ReadHeads,
     &AttendAll,
     &DeleteHeads},
    {"KnMixedAttentionGrad",
     {"dcontext: float", "query: float", "keyvalue: float", "lengths: int32", "weights: float"},
     {"dquery: float", "dkeyvalue: float"},
     {"heads: int", "scale: float"},
     &ReadHeads,
     &AttendAllGrad,
     &DeleteHeads},
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
