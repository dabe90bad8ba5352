// SPDX-License-Identifier: Apache-2.0
#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "policies/loader/loader.hpp"

namespace homeostat {
namespace {

/// glob(3) owns its result.
class Glob {
 public:
  explicit Glob(const std::string& pattern)
      : status_(::glob(pattern.c_str(), 0, &is_serious, &found_)) {}
  ~Glob() { ::globfree(&found_); }
  Glob(const Glob&) = delete;
  Glob& operator=(const Glob&) = delete;

  int status() const { return status_; }
  std::vector<std::string> paths() const {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < found_.gl_pathc; ++i) paths.emplace_back(found_.gl_pathv[i]);
    return paths;
  }

 private:
  /// A folder that is not there has no files; one that cannot be read might.
  static int is_serious(const char* /*folder*/, int error) {
    return error == ENOENT || error == ENOTDIR ? 0 : 1;
  }

  glob_t found_{};
  int status_;
};

/// The folder is meant as it is, whatever its name.
std::string without_wildcards(const std::string& folder) {
  constexpr std::string_view kSpecial = "*?[]\\";
  std::string escaped;
  for (const char c : folder) {
    if (kSpecial.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

}  // namespace

Result<std::vector<std::string>> policy_files(const Config& config) {
  std::vector<std::string> files;
  const auto folder = std::filesystem::path(config.path).parent_path().string();
  for (const auto& pattern : config.policies) {
    const bool relative = !pattern.starts_with('/') && !folder.empty();
    const Glob found(relative ? without_wildcards(folder) + "/" + pattern : pattern);
    if (found.status() != 0) {
      Error error;
      error.code = ErrorCode::invalid_input;
      error.place.file = config.path;
      error.context = found.status() == GLOB_NOMATCH
                          ? "policies: `" + pattern + "` matches no file"
                          : "policies: `" + pattern + "`: a folder on the way cannot be read";
      return error;
    }
    const auto paths = found.paths();
    files.insert(files.end(), paths.begin(), paths.end());
  }
  std::sort(files.begin(), files.end());
  files.erase(std::unique(files.begin(), files.end()), files.end());
  return files;
}

}  // namespace homeostat
