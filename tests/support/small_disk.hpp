// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tests/support/scratch_directory.hpp"

namespace homeostat::testing {

/// A filesystem of its own in memory, where this user may mount one: only root may. It goes with
/// this object, which must outlive every process that has a file open on it.
class SmallDisk {
 public:
  /// `megabytes`: its size.
  explicit SmallDisk(int megabytes = 1);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  std::string path() const { return scratch_.path() + "/disk"; }

  /// Leaves not a byte of space.
  void fill() const;
  /// Gives back what fill() took.
  void make_room() const;

 private:
  std::string ballast() const { return path() + "/ballast"; }

  ScratchDirectory scratch_;
  bool mounted_ = false;
};

}  // namespace homeostat::testing
