// SPDX-License-Identifier: Apache-2.0
// What the programs share that measure one reading of a probe.
#pragma once

#include <ctime>

#include "controller/ports/probe.hpp"

namespace boost::asio {
class io_context;
}

namespace homeostat::testing {

/// CPU that a process has used by now, in microseconds.
double cpu_of(clockid_t clock);

/// One reading, waited for, a minute at most; ends the program when there is none.
void read_once(boost::asio::io_context& io, Probe& probe, TimePoint now);

}  // namespace homeostat::testing
