// SPDX-License-Identifier: Apache-2.0
// How our clients of Kafka are set. Internal to what speaks Kafka.
#pragma once

#include <string>

#include "controller/transport/kafka_group.hpp"
#include "controller/transport/kafka_handle.hpp"
#include "policies/model/error.hpp"

namespace homeostat::kafka {

/// Of a client that reads about `group`: the properties of the file, and over them what keeps it
/// from joining and committing. An Error (`invalid_input`) has file and line and names the property
/// that is wrong, never its value.
Result<ClientSettings> client_settings(const Address& address, const std::string& group);

/// Of a client that reads partitions by itself: no group, nothing committed. Errors as above.
Result<ClientSettings> reader_settings(const Address& address);

/// Of a client that writes a message once, on every replica that is in step, by `deadline` or not
/// at all. Errors as above.
Result<ClientSettings> writer_settings(const Address& address, Duration deadline);

}  // namespace homeostat::kafka
