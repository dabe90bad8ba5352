// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/replay_source.hpp"

#include <fstream>
#include <iostream>
#include <iterator>

#include "controller/cli/text/quantity.hpp"
#include "controller/loop/sqlite_history.hpp"
#include "controller/simulator/recording.hpp"

namespace homeostat {
namespace {

constexpr int kStepsAtOnce = 1000;

Result<void> read(const std::string& path, Recording& into) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  return format_of(text) == RecordingFormat::json ? read_range_json(path, text, into)
                                                  : read_csv(path, text, into);
}

void note_quality(const Recording::Steps& all, const EngineSettings& settings) {
  if (all.missing > 0) {
    std::cerr << "note: " << all.missing
              << (all.missing == 1 ? " sample is missing and counts"
                                   : " samples are missing and count")
              << " as absent; the first: " << all.first_missing << "\n";
  }
  if (all.spacing > settings.fold) {
    std::cerr << "note: there is a sample each " << text::duration(all.spacing)
              << ", where detectors take one each " << text::duration(settings.fold)
              << ": they see less, and later, than in a daemon\n";
  }
}

}  // namespace

bool is_journal(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string head(16, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  return !file || format_of(head) == RecordingFormat::journal;
}

Result<void> tell_journal(const std::string& path, Backtest& backtest) {
  const auto history = SqliteHistory::open(path);
  if (!history.has_value()) return history.error();
  std::int64_t after = 0;
  while (true) {
    const auto steps = history->steps(after, kStepsAtOnce);
    if (!steps.has_value()) return steps.error();
    if (steps->empty()) return {};
    for (const auto& step : *steps) backtest.add(step);
  }
}

Result<void> tell_samples(const std::string& path, const Vocabulary& words,
                          const EngineSettings& settings, Notes notes, Backtest& backtest) {
  Recording recording(words);
  const auto whole = read(path, recording);
  if (!whole.has_value()) return whole;
  const auto all = recording.steps();
  if (!all.has_value()) return wrong_at(path, all.error().context);
  if (notes == Notes::printed) note_quality(*all, settings);
  for (const auto& step : all->steps) backtest.add(step);
  return {};
}

}  // namespace homeostat
