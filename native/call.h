// One call of a kernel, by libtensorflow's C interface.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tensorflow/c/kernels.h"

namespace {

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

}  // namespace
