// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace homeostat::testing {

/// A new directory under the system's temporary one. It goes, with every process that has its
/// working directory inside, when this object goes and also when the test is killed: a small
/// process apart from the test waits for either.
class ScratchDirectory {
 public:
  /// `owner`: who gets the directory when the test runs as root; empty: root keeps it.
  explicit ScratchDirectory(const std::string& owner = {});
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  int alive_ = -1;  ///< closed by our end, however it comes
  int swept_ = -1;  ///< closed by the sweeper when it is done
};

/// Gives `path` and all below it to `user` when the test runs as root.
void give_to(const std::string& path, const std::string& user);

}  // namespace homeostat::testing
