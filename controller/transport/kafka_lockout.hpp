// SPDX-License-Identifier: Apache-2.0
// Why no broker lets a client in. Internal to what speaks Kafka.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>

#include "policies/model/error.hpp"

namespace homeostat::kafka {

/// A login that fails is tried again in the background, while every call waits for its timeout: the
/// reason comes by another way, from inside rd_kafka_poll(), and is kept here.
class Lockout {
 public:
  /// Before the client is made. This must outlive it.
  void listen(rd_kafka_conf_t* settings);

  /// What failed, `what` with the reason why we are not let in, if that is why.
  /// `operation` as in error_of().
  Error failed(rd_kafka_t* client, rd_kafka_resp_err_t code, const std::string& what,
               const std::string& operation = "Describe");

  /// Something worked.
  void forget(rd_kafka_t* client);

 private:
  static void remember(rd_kafka_t* client, int code, const char* text, void* self);

  std::string why_;  ///< in librdkafka's words; empty: nothing is known to be wrong
};

}  // namespace homeostat::kafka
