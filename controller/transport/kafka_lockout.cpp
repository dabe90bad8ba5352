// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/kafka_lockout.hpp"

#include <algorithm>
#include <utility>

#include "controller/transport/kafka_error.hpp"

namespace homeostat::kafka {
namespace {

// librdkafka would write to standard error. What matters comes back from the calls.
void say_nothing(const rd_kafka_t* /*client*/, int /*level*/, const char* /*facility*/,
                 const char* /*text*/) {}

}  // namespace

void Lockout::listen(rd_kafka_conf_t* settings) {
  rd_kafka_conf_set_opaque(settings, this);
  rd_kafka_conf_set_error_cb(settings, remember);
  rd_kafka_conf_set_log_cb(settings, say_nothing);
}

// Called inside rd_kafka_poll() only, that is on the thread of our calls.
void Lockout::remember(rd_kafka_t* /*client*/, int code, const char* text, void* self) {
  if (code_of(static_cast<rd_kafka_resp_err_t>(code)) != ErrorCode::refused) return;
  static_cast<Lockout*>(self)->why_ = text;
}

Error Lockout::failed(rd_kafka_t* client, rd_kafka_resp_err_t code, const std::string& what,
                      const std::string& operation) {
  rd_kafka_poll(client, 0);
  const auto meant = code_of(code);
  if (why_.empty() || (meant != ErrorCode::timeout && meant != ErrorCode::unavailable)) {
    return error_of(code, what, operation);
  }
  auto text = std::exchange(why_, {});
  std::replace(text.begin(), text.end(), '\n', ' ');
  return {ErrorCode::refused, what + ": " + text};
}

void Lockout::forget(rd_kafka_t* client) {
  rd_kafka_poll(client, 0);
  why_.clear();
}

}  // namespace homeostat::kafka
