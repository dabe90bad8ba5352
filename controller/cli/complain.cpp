// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/complain.hpp"

#include <iostream>

namespace homeostat {

int complain(const Error& error) {
  std::cerr << "homeostat: " << error.context << "\n";
  const bool asked = error.code == ErrorCode::not_found || error.code == ErrorCode::invalid_input;
  return asked ? 1 : 2;
}

}  // namespace homeostat
