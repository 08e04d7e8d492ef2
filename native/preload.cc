// preload(paths): loads shared libraries for all that is loaded later, and returns what the loader says of those that
// do not load: [string, ...].
//
// libtensorflow opens CUDA's libraries by their bare names. A library that this process has loaded already is found by
// its name wherever it lies, so that nobody needs to set LD_LIBRARY_PATH.

#include <dlfcn.h>
#include <node_api.h>

#include <string>
#include <vector>

// They need each other, in no order that their names would tell: what fails is tried again as long as others load.
static std::vector<std::string> Load(std::vector<std::string> paths) {
  for (;;) {
    std::vector<std::string> left, reasons;
    for (const std::string& path : paths) {
      if (dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL) != nullptr) continue;
      const char* reason = dlerror();
      left.push_back(path);
      reasons.push_back(reason != nullptr ? reason : path);
    }
    if (left.empty() || left.size() == paths.size()) return reasons;
    paths = left;
  }
}

static bool ReadString(napi_env env, napi_value value, std::string* text) {
  size_t length;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return false;
  text->resize(length + 1);
  napi_get_value_string_utf8(env, value, &(*text)[0], length + 1, &length);
  text->resize(length);
  return true;
}

static napi_value Preload(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value list, result;
  napi_get_cb_info(env, info, &count, &list, nullptr, nullptr);
  uint32_t length = 0;
  bool valid = count == 1 && napi_get_array_length(env, list, &length) == napi_ok;
  std::vector<std::string> paths(length);
  for (uint32_t i = 0; valid && i < length; i++) {
    napi_value path;
    valid = napi_get_element(env, list, i, &path) == napi_ok && ReadString(env, path, &paths[i]);
  }
  if (!valid) {
    napi_throw_type_error(env, nullptr, "preload takes an array of paths");
    return nullptr;
  }
  const std::vector<std::string> reasons = Load(paths);
  napi_create_array_with_length(env, reasons.size(), &result);
  for (uint32_t i = 0; i < reasons.size(); i++) {
    napi_value reason;
    napi_create_string_utf8(env, reasons[i].c_str(), reasons[i].size(), &reason);
    napi_set_element(env, result, i, reason);
  }
  return result;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "preload", NAPI_AUTO_LENGTH, Preload, nullptr, &function);
  napi_set_named_property(env, exports, "preload", function);
  return exports;
}
