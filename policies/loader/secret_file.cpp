// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/secret_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace homeostat::loader {
namespace {

std::optional<std::string> problem(const std::string& path, bool secret) {
  constexpr mode_t kOthers = 007;
  constexpr mode_t kPermissions = 07777;
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return "`" + path + "`: " + std::strerror(errno);
  if (!S_ISREG(status.st_mode)) return "`" + path + "` is not a regular file";
  if (secret && (status.st_mode & kOthers) != 0) {
    std::array<char, 8> mode{};
    std::snprintf(mode.data(), mode.size(), "%04o",
                  static_cast<unsigned>(status.st_mode & kPermissions));
    return "`" + path + "` is open to everybody (mode " + mode.data() +
           "); expected `chmod 0640` or `chmod 0600`";
  }
  if (::access(path.c_str(), R_OK) != 0) return "`" + path + "` cannot be read by this user";
  return std::nullopt;
}

}  // namespace

std::optional<std::string> problem_of_secret(const std::string& path) {
  return problem(path, true);
}

std::optional<std::string> problem_of_file(const std::string& path) { return problem(path, false); }

}  // namespace homeostat::loader
