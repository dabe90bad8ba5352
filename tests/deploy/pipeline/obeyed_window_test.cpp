// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/obeyed_window.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace melodyud {
namespace {

using Heard = ObeyedWindow::Heard;

constexpr std::int64_t kNow = 1'800'000'000'000;
const BatchWindow kDefault{0.1, 10'000};

nlohmann::json message(std::int64_t epoch, double window_ms) {
  return {{"version", 1},
          {"epoch", epoch},
          {"window_ms", window_ms},
          {"drain_limit", 5000},
          {"issued_at_ms", kNow},
          {"expires_at_ms", kNow + 60'000},
          {"reason", "batch-window: 0.1 s"}};
}

nlohmann::json changed(const char* name, const nlohmann::json& value) {
  auto json = message(1, 20);
  json[name] = value;
  return json;
}

TEST_CASE("a message is obeyed until it expires, then the consumer's own window is") {
  ObeyedWindow window{kDefault};
  CHECK(window.current(kNow) == kDefault);
  CHECK(window.hear(message(17, 37.5).dump(), kNow) == Heard::obeyed);
  CHECK(window.current(kNow) == BatchWindow{0.0375, 5000});
  CHECK(window.current(kNow + 59'999) == BatchWindow{0.0375, 5000});
  CHECK(window.current(kNow + 60'000) == kDefault);
}

TEST_CASE("an older epoch is ignored, the same one only renews (H30)") {
  ObeyedWindow window{kDefault};
  window.hear(message(17, 20).dump(), kNow);
  CHECK(window.hear(message(16, 30).dump(), kNow) == Heard::older);
  CHECK(window.hear(message(17, 30).dump(), kNow) == Heard::older);
  auto renewed = message(17, 20);
  renewed["expires_at_ms"] = kNow + 90'000;
  CHECK(window.hear(renewed.dump(), kNow) == Heard::obeyed);
  CHECK(window.current(kNow + 89'999).seconds == 0.02);
  CHECK(window.hear(message(18, 30).dump(), kNow) == Heard::obeyed);
  CHECK(window.current(kNow).seconds == 0.03);
}

TEST_CASE("a withdrawn window is the default at once, and stays so for its epoch") {
  ObeyedWindow window{kDefault};
  window.hear(message(17, 20).dump(), kNow);
  window.withdraw();
  CHECK(window.current(kNow) == kDefault);
  CHECK(window.hear(message(17, 20).dump(), kNow) == Heard::older);
  CHECK(window.hear(message(18, 20).dump(), kNow) == Heard::obeyed);
}

TEST_CASE("a message from the future is ignored, a clock that is a little ahead is not") {
  for (const auto& [ahead_ms, heard] :
       {std::pair{60'000, Heard::obeyed}, std::pair{60'001, Heard::from_the_future},
        std::pair{3'600'000, Heard::from_the_future}}) {
    ObeyedWindow window{kDefault};
    auto json = message(1, 20);
    json["issued_at_ms"] = kNow + ahead_ms;
    json["expires_at_ms"] = kNow + ahead_ms + 60'000;
    CHECK(window.hear(json.dump(), kNow) == heard);
  }
}

TEST_CASE("what no supervisor sets is ignored") {
  for (const auto& bad :
       {changed("window_ms", -1), changed("window_ms", 10'001), changed("window_ms", 1e300),
        changed("drain_limit", 0), changed("drain_limit", 1'000'001),
        changed("expires_at_ms", kNow + 3'600'001), changed("expires_at_ms", kNow - 1),
        changed("issued_at_ms", -1), changed("expires_at_ms", INT64_MAX)}) {
    INFO(bad.dump());
    ObeyedWindow window{kDefault};
    CHECK(window.hear(bad.dump(), kNow) == Heard::out_of_range);
    CHECK(window.current(kNow) == kDefault);
  }
}

TEST_CASE("what is no such message is ignored, and the next good one is obeyed") {
  ObeyedWindow window{kDefault};
  for (const auto& bad : {std::string{}, std::string{"{"}, std::string{"null"}, std::string{"[]"},
                          std::string{"17"}, std::string{"\xff\xfe"}, std::string(100'000, '['),
                          changed("version", 2).dump(), changed("version", "1").dump(),
                          changed("epoch", 1.5).dump(), changed("epoch", nullptr).dump(),
                          changed("window_ms", "20").dump(), changed("drain_limit", true).dump()}) {
    CHECK(window.hear(bad, kNow) == Heard::malformed);
  }
  auto without = message(1, 20);
  without.erase("expires_at_ms");
  CHECK(window.hear(without.dump(), kNow) == Heard::malformed);
  CHECK(window.hear(message(1, 20).dump(), kNow) == Heard::obeyed);
}

}  // namespace
}  // namespace melodyud
