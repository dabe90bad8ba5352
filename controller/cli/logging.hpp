// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "policies/loader/config.hpp"

namespace spdlog {
class logger;
}

namespace homeostat {

/// A logger to standard error, as text for people or as one JSON object a line (`time`, `level`,
/// `message`). `level` is one of spdlog's names: trace, debug, info, warn, error.
std::shared_ptr<spdlog::logger> make_logger(LogFormat format, const std::string& level);

}  // namespace homeostat
