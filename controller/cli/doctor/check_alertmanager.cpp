// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/check_alertmanager.hpp"

#include <utility>

#include "controller/transport/http_client.hpp"

namespace homeostat::doctor {

boost::asio::awaitable<std::vector<Finding>> check_alertmanager(std::vector<std::string> urls,
                                                                Duration deadline) {
  Findings findings("alertmanager");
  if (urls.empty()) {
    findings.warn("urls", "no Alertmanager is configured",
                  {"nobody is told when a policy trips, or when Homeostat itself is in trouble",
                   "alertmanager: {urls: [\"http://127.0.0.1:9093\"]}, every instance"});
  }
  for (const auto& url : urls) {
    const auto answer = co_await http_get(url + "/-/ready", deadline);
    if (answer.has_value() && answer->status == 200) {
      findings.ok("ready", url + " is ready");
      continue;
    }
    auto found = url + ": ";
    if (answer.has_value()) {
      found += "/-/ready answers with status " + std::to_string(answer->status);
    } else {
      found += answer.error().context;
    }
    findings.fail("ready", std::move(found),
                  {"alerts sent there are lost; nothing else waits for them",
                   "start that instance, or correct alertmanager.urls: curl " + url + "/-/ready"});
  }
  co_return std::move(findings.all());
}

}  // namespace homeostat::doctor
