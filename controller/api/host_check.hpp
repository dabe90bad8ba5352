// SPDX-License-Identifier: Apache-2.0
// Against DNS rebinding: a page of somebody else's whose name was made to resolve to this machine
// still sends that name as Host.
#pragma once

#include <string>
#include <string_view>

namespace homeostat {

/// Whether `host_header` (perhaps with a port) names this daemon: localhost, a loopback address, or
/// the address or name it listens on. When it listens on every address (0.0.0.0, ::), any address
/// will do, for a rebound request carries a name.
bool host_allowed(std::string_view host_header, const std::string& listen_host);

}  // namespace homeostat
