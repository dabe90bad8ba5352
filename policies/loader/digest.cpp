// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/digest.hpp"

#include <openssl/evp.h>

#include <array>
#include <cstddef>

namespace homeostat::loader {

std::string short_digest(std::string_view text) {
  constexpr std::size_t kBytes = 8;
  constexpr std::string_view kHex = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    return {};
  }
  std::string hex;
  for (std::size_t i = 0; i < kBytes; ++i) {
    hex += kHex.at(digest.at(i) >> 4U);
    hex += kHex.at(digest.at(i) & 0x0FU);
  }
  return hex;
}

}  // namespace homeostat::loader
