// Rows shared out to threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <thread>
#include <vector>

namespace {

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

}  // namespace
