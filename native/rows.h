// What the kernels do with one row: loops that the compiler turns into vector instructions.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

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

// Each of silu and gelu_new with its slope, of one number.
struct Silu {
  __attribute__((always_inline)) static inline void At(float v, float* value, float* slope) {
    const float e = ExpOfNegative(-std::fabs(v));
    const float upper = 1.0f / (1.0f + e), lower = e * upper;
    const float s = v > 0.0f ? upper : lower, rest = v > 0.0f ? lower : upper;  // rest = 1 - s, with all its digits
    *value = v * s;
    *slope = s + v * s * rest;
  }
};

// As byTanh in src/model/layers/nonlinearity.ts: (1 + tanh u) / 2 is the sigmoid of 2u, of which only e^-|2u| is computed.
struct GeluNew {
  __attribute__((always_inline)) static inline void At(float v, float* value, float* slope) {
    constexpr float kTwice = 2.0f * 0.79788456080286536f;  // 2 sqrt(2 / pi)
    const float square = 0.044715f * v * v;
    const float twice = kTwice * v * (1.0f + square);
    const float e = ExpOfNegative(-std::fabs(twice));
    const float upper = 1.0f / (1.0f + e), lower = e * upper;
    const float s = twice > 0.0f ? upper : lower, rest = twice > 0.0f ? lower : upper;
    *value = v * s;
    *slope = s + v * s * rest * kTwice * (1.0f + 3.0f * square);
  }
};

VECTORISED void GeluNewRow(const float* __restrict x, const float* __restrict bias, float* __restrict value,
                           float* __restrict slope, int64_t width) {
  for (int64_t i = 0; i < width; i++) GeluNew::At(x[i] + bias[i], value + i, slope + i);
}

// z = f(gate) up, and its slopes along both: f'(gate) up, f(gate).
#define GATE_ROW(NAME, FUNCTION)                                                                                                \
  VECTORISED void NAME(const float* __restrict gate, const float* __restrict up, const float* __restrict gate_bias,             \
                       const float* __restrict up_bias, float* __restrict z, float* __restrict along_gate,                      \
                       float* __restrict along_up, int64_t width) {                                                             \
    for (int64_t i = 0; i < width; i++) {                                                                                       \
      float value, slope;                                                                                                       \
      FUNCTION::At(gate[i] + gate_bias[i], &value, &slope);                                                                     \
      const float u = up[i] + up_bias[i];                                                                                       \
      z[i] = value * u;                                                                                                         \
      along_gate[i] = slope * u;                                                                                                \
      along_up[i] = value;                                                                                                      \
    }                                                                                                                           \
  }
GATE_ROW(SiluGateRow, Silu)
GATE_ROW(GeluNewGateRow, GeluNew)
#undef GATE_ROW

VECTORISED void GateGradRow(const float* __restrict dz, const float* __restrict along_gate, const float* __restrict along_up,
                            float* __restrict dgate, float* __restrict dup, int64_t width) {
  for (int64_t i = 0; i < width; i++) {
    dgate[i] = dz[i] * along_gate[i];
    dup[i] = dz[i] * along_up[i];
  }
}

// The sum of x[i] y[i] z[i]; `z` may be null, and counts as ones then.
VECTORISED float SumOfProducts(const float* x, const float* y, const float* z, int64_t width) {
  float part[kLanes] = {0};
  const int64_t whole = width - width % kLanes;
  for (int64_t i = 0; i < whole; i += kLanes) {
    for (int lane = 0; lane < kLanes; lane++) part[lane] += x[i + lane] * y[i + lane] * (z == nullptr ? 1.0f : z[i + lane]);
  }
  float sum = 0;
  for (int64_t i = whole; i < width; i++) sum += x[i] * y[i] * (z == nullptr ? 1.0f : z[i]);
  for (const float lane : part) sum += lane;
  return sum;
}

VECTORISED void RmsNormRow(const float* __restrict x, const float* __restrict gamma, float epsilon, float* __restrict value,
                           float* __restrict unit, float* __restrict inverse, int64_t width) {
  const float scale = 1.0f / std::sqrt(SumOfProducts(x, x, nullptr, width) / width + epsilon);
  for (int64_t i = 0; i < width; i++) {
    unit[i] = x[i] * scale;
    value[i] = unit[i] * gamma[i];
  }
  *inverse = scale;
}

// dx = (g - unit mean(g unit)) / root, with g = dy gamma.
VECTORISED void RmsNormGradRow(const float* __restrict dy, const float* __restrict unit, float inverse, const float* __restrict gamma,
                               float* __restrict dx, int64_t width) {
  const float along = SumOfProducts(dy, gamma, unit, width) / width;
  for (int64_t i = 0; i < width; i++) dx[i] = (dy[i] * gamma[i] - unit[i] * along) * inverse;
}

// `bias` and `residual` may both be null.
VECTORISED void AddNormRow(const float* x, const float* bias, const float* residual, const float* gamma, const float* beta, float epsilon,
                           float* value, float* unit, float* inverse, int64_t width) {
  float part[kLanes] = {0};
  const int64_t whole = width - width % kLanes;
  for (int64_t i = 0; i < width; i++) unit[i] = residual == nullptr ? x[i] : x[i] + bias[i] + residual[i];
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

}  // namespace
