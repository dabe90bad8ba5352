// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/page/write_page.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace homeostat::page {
namespace {

Error cannot_write(const std::string& path, int reason) {
  return {ErrorCode::invalid_input, "cannot write " + path + ": " + std::strerror(reason)};
}

}  // namespace

Result<void> check_page(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return cannot_write(path, EISDIR);
  const auto folder = std::filesystem::path(path).parent_path();
  if (access(folder.empty() ? "." : folder.c_str(), W_OK) != 0) return cannot_write(path, errno);
  return {};
}

Result<void> write_page(const std::string& path, const std::string& text) {
  const auto fresh = path + "." + std::to_string(getpid()) + ".new";
  errno = 0;
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) {
    const int reason = errno;
    std::remove(fresh.c_str());
    return cannot_write(path, reason);
  }
  if (std::rename(fresh.c_str(), path.c_str()) == 0) return {};
  const int reason = errno;
  std::remove(fresh.c_str());
  return cannot_write(path, reason);
}

}  // namespace homeostat::page
