// SPDX-License-Identifier: Apache-2.0
// The program play_producer: makes play events and ad impressions at the rate of a profile. A line
// of JSON a second, and one at the end, says how many. README.md has an example.
#include <CLI/CLI.hpp>
#include <deque>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>

#include "deploy/demo/pipeline/clocks.hpp"
#include "deploy/demo/pipeline/event_maker.hpp"
#include "deploy/demo/pipeline/event_sender.hpp"
#include "deploy/demo/pipeline/rate_profile.hpp"
#include "deploy/demo/pipeline/stop_signal.hpp"

namespace melodyud {
namespace {

constexpr std::chrono::milliseconds kTick{1};
constexpr std::size_t kResentAfter = 100;  // events

struct Options {
  double resent_share = 0;
  double clock_ahead_seconds = 0;
  int tracks = 2000;
  std::uint64_t seed = 1;
};

class Producer {
 public:
  Producer(EventSender& sender, const Options& options)
      : options_{options},
        sender_{sender},
        maker_{options.tracks, options.seed},
        random_{options.seed} {}

  /// Until the profile is over or a signal comes; then everything is confirmed or has failed.
  void run(const RateProfile& profile, StopSignal& stop) {
    const auto began = Monotonic::now();
    auto before = began;
    auto told = began;
    const auto made_before = made_;
    tell();
    while (!stop.came()) {
      const auto now = Monotonic::now();
      const auto due = static_cast<std::int64_t>(profile.events_by(seconds_between(began, now)));
      send_due(due - (made_ - made_before), seconds_between(before, now));
      sender_.poll();
      if (seconds_between(began, now) >= profile.seconds()) break;
      if (seconds_between(told, now) >= 1) {
        tell();
        told = now;
      }
      before = now;
      std::this_thread::sleep_until(now + kTick);
    }
    while (!to_resend_.empty()) resend_oldest();
    sender_.flush();
    tell();
  }

 private:
  /// So many events have become due, evenly over the time since the last tick.
  void send_due(std::int64_t count, double seconds) {
    const double now_us =
        static_cast<double>(unix_microseconds()) + options_.clock_ahead_seconds * 1e6;
    for (std::int64_t i = 0; i < count; ++i) {
      const double ago = seconds * static_cast<double>(count - 1 - i) / static_cast<double>(count);
      const auto event = maker_.next(static_cast<std::int64_t>(now_us - ago * 1e6));
      sender_.send(event);
      ++made_;
      ++(event.kind == EventKind::play ? plays_ : impressions_);
      if (std::bernoulli_distribution{options_.resent_share}(random_)) to_resend_.push_back(event);
      if (to_resend_.size() > kResentAfter) resend_oldest();
    }
  }

  /// As an application does that was not sure whether it had sent the event.
  void resend_oldest() {
    sender_.send(to_resend_.front());
    to_resend_.pop_front();
    ++resent_;
  }

  void tell() const {
    const nlohmann::json line{{"at", static_cast<double>(unix_microseconds()) / 1e6},
                              {"made", made_},
                              {"plays", plays_},
                              {"impressions", impressions_},
                              {"resent", resent_},
                              {"delivered", sender_.delivered()},
                              {"failed", sender_.failed()}};
    std::cout << line.dump() << std::endl;  // read while we run: never held back
  }

  Options options_;
  EventSender& sender_;
  EventMaker maker_;
  std::mt19937_64 random_;
  std::deque<Event> to_resend_;
  std::int64_t made_ = 0;
  std::int64_t plays_ = 0;
  std::int64_t impressions_ = 0;
  std::int64_t resent_ = 0;
};

}  // namespace
}  // namespace melodyud

int main(int argc, char** argv) {
  using namespace melodyud;
  StopSignal stop;
  CLI::App app{"Makes MelodyUD's play events and ad impressions"};
  app.footer(
      "Example: play_producer --brokers 127.0.0.1:9092 --create-topic 4 \\\n"
      "           --profile '100/s for 20s, 1000/s for 20s bursts of 500'");
  std::string brokers;
  std::string topic = "play_events";
  std::string profile_text;
  std::vector<std::string> properties;
  int partitions = 0;
  bool repeat = false;
  Options options;
  app.add_option("--brokers", brokers, "HOST:PORT, more of them after commas")->required();
  app.add_option("--property", properties, "NAME=VALUE of librdkafka; may be repeated");
  app.add_option("--topic", topic)->capture_default_str();
  app.add_option("--create-topic", partitions, "with so many partitions, where it does not exist");
  app.add_option("--profile", profile_text, "RATE/s for SECONDSs [bursts of N], more after commas")
      ->required();
  app.add_flag("--repeat", repeat, "begin the profile anew when it is over, until a signal comes");
  app.add_option("--tracks", options.tracks, "tracks that are played, 1 to this")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  app.add_option("--seed", options.seed)->capture_default_str();
  app.add_option("--resend", options.resent_share, "share of the events that is sent twice")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--clock-ahead", options.clock_ahead_seconds,
                 "seconds by which the events' own time is wrong");
  app.set_config("--options", "", "a file with the same options, NAME=VALUE a line: for passwords");
  CLI11_PARSE(app, argc, argv);
  try {
    const RateProfile profile{profile_text};
    properties.insert(properties.begin(), "bootstrap.servers=" + brokers);
    EventSender sender{parse_properties(properties), topic};
    if (partitions > 0) sender.create_topic(partitions);
    Producer producer{sender, options};
    do {
      producer.run(profile, stop);
    } while (repeat && !stop.came());
    return sender.failed() == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "play_producer: " << error.what() << '\n';
    return 1;
  }
}
