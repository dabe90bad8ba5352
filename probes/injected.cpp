// SPDX-License-Identifier: Apache-2.0
#include "probes/injected.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <utility>

namespace homeostat {
namespace {

namespace asio = boost::asio;

constexpr std::uintmax_t kLargest = 1 << 20;
constexpr std::string_view kBlank = " \t\r";

struct Word {
  std::string_view text;
  int column = 0;  // from 1
};

std::vector<Word> words_of(std::string_view line) {
  std::vector<Word> words;
  line = line.substr(0, line.find('#'));
  auto start = line.find_first_not_of(kBlank);
  while (start != std::string_view::npos) {
    const auto end = std::min(line.find_first_of(kBlank, start), line.size());
    words.push_back({line.substr(start, end - start), static_cast<int>(start) + 1});
    start = line.find_first_not_of(kBlank, end);
  }
  return words;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

std::optional<Sample> measured(const SignalName& signal, const Subject& subject,
                               std::string_view value, TimePoint now) {
  if (value == "absent") return absent(signal, subject, AbsentReason::failed, now);
  const auto slash = value.find('/');
  if (slash == std::string_view::npos) {
    const auto whole = number(value);
    if (!whole) return std::nullopt;
    return gauge(signal, subject, *whole, now);
  }
  const auto numerator = number(value.substr(0, slash));
  const auto denominator = number(value.substr(slash + 1));
  if (!numerator || !denominator) return std::nullopt;
  return ratio(signal, subject, *numerator, *denominator, now);
}

bool is_signal_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') ||
           character == '_';
  });
}

Result<std::string> read_file(const std::string& path) {
  const Error unreadable{ErrorCode::unavailable, "cannot read " + path};
  std::error_code error;
  // A pipe or a device would block the thread.
  if (!std::filesystem::is_regular_file(path, error)) return unreadable;
  if (std::filesystem::file_size(path, error) > kLargest) {
    return Error{ErrorCode::invalid_input, path + " is larger than 1 MiB"};
  }
  std::ifstream file{path, std::ios::binary};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file) return unreadable;
  return text;
}

std::vector<SignalName> names_in(const std::vector<Sample>& samples) {
  std::set<SignalName> names;
  for (const auto& sample : samples) names.insert(sample.signal);
  return {names.begin(), names.end()};
}

}  // namespace

Result<std::vector<Sample>> parse_samples(std::string_view text, const std::string& file,
                                          TimePoint now) {
  std::vector<Sample> samples;
  std::set<std::pair<SignalName, Subject>> seen;
  int line_number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line_number;
    if (words.empty()) continue;
    const auto wrong = [&](const Word& word, const std::string& what) {
      return Error{ErrorCode::invalid_input, what, Place{file, line_number, word.column}};
    };
    if (words.size() != 3) return wrong(words.back(), "expected: signal subject value");
    if (!is_signal_name(words[0].text)) {
      return wrong(words[0], "expected the name of a signal: a-z, 0-9 and _");
    }
    const auto subject = parse_subject(words[1].text);
    if (!subject) return wrong(words[1], "expected a subject: cluster, node/NAME, zone/NAME …");
    const SignalName signal{words[0].text};
    auto sample = measured(signal, *subject, words[2].text, now);
    if (!sample) return wrong(words[2], "expected a number, NUMERATOR/DENOMINATOR or absent");
    if (!seen.emplace(signal, *subject).second) {
      return wrong(words[0], "given twice: " + signal + " of " + to_text(*subject));
    }
    samples.push_back(std::move(*sample));
  }
  return samples;
}

Injected::Injected(std::string path) : path_{std::move(path)} {
  const auto text = read_file(path_);
  if (!text.has_value()) return;
  const auto samples = parse_samples(*text, path_, TimePoint{});
  if (samples.has_value()) signals_ = names_in(*samples);
}

asio::awaitable<Result<Reading>> Injected::sample(TimePoint now, Duration /*deadline*/) {
  const auto text = read_file(path_);
  if (!text.has_value()) co_return text.error();
  auto samples = parse_samples(*text, path_, now);
  if (!samples.has_value()) co_return samples.error();
  signals_ = names_in(*samples);
  Reading reading;
  reading.samples = std::move(*samples);
  co_return reading;
}

}  // namespace homeostat
