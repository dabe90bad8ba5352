// SPDX-License-Identifier: Apache-2.0
#include "tests/support/small_disk.hpp"

#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace homeostat::testing {

SmallDisk::SmallDisk(int megabytes) {
  std::filesystem::create_directory(path());
  const auto size = "size=" + std::to_string(megabytes) + "m";
  mounted_ = ::mount("tmpfs", path().c_str(), "tmpfs", 0, size.c_str()) == 0;
}

SmallDisk::~SmallDisk() {
  if (mounted_) ::umount(path().c_str());
}

void SmallDisk::fill() const {
  const std::string block(4096, 'x');
  std::ofstream file(ballast(), std::ios::binary | std::ios::app);
  while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
  if (std::filesystem::space(path()).available > 0) throw std::runtime_error("space is left");
}

void SmallDisk::make_room() const { std::filesystem::remove(ballast()); }

}  // namespace homeostat::testing
