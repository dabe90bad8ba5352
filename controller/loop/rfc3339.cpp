// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/rfc3339.hpp"

#include <array>
#include <cstdio>

namespace homeostat {
namespace {

namespace chrono = std::chrono;

/// Takes fixed pieces from the front of a text; after a mismatch it stays failed.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int number = 0;
    for (std::size_t i = 0; i < count; ++i) number = number * 10 + digit();
    return number;
  }
  bool take(char wanted) {
    if (rest_.empty() || rest_.front() != wanted) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void require(char wanted) { ok_ = take(wanted) && ok_; }
  bool next_is_digit() const {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  bool done() const { return ok_ && rest_.empty(); }
  void fail() { ok_ = false; }

 private:
  int digit() {
    if (!next_is_digit()) {
      ok_ = false;
      return 0;
    }
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  bool ok_ = true;
};

/// The digits after the point, in microseconds.
Duration fraction(Reader& reader) {
  std::int64_t microseconds = 0;
  int count = 0;
  for (; reader.next_is_digit(); ++count) {
    const int value = reader.digits(1);
    if (count < 6) microseconds = microseconds * 10 + value;
  }
  if (count == 0 || count > 9) reader.fail();
  for (; count < 6; ++count) microseconds *= 10;
  return Duration{microseconds};
}

Duration offset(Reader& reader) {
  if (reader.take('Z')) return Duration{0};
  const bool east = reader.take('+');
  if (!east) reader.require('-');
  const int hours = reader.digits(2);
  reader.require(':');
  const int minutes = reader.digits(2);
  if (hours > 23 || minutes > 59) reader.fail();
  const Duration size = chrono::hours{hours} + chrono::minutes{minutes};
  return east ? size : -size;
}

}  // namespace

std::string rfc3339(WallTime time) {
  const auto day = chrono::floor<chrono::days>(time);
  const chrono::year_month_day date{day};
  const chrono::hh_mm_ss clock{chrono::floor<chrono::milliseconds>(time - day)};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", int{date.year()},
                unsigned{date.month()}, unsigned{date.day()},
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Reader reader(text);
  const chrono::year year{reader.digits(4)};
  reader.require('-');
  const chrono::month month{static_cast<unsigned>(reader.digits(2))};
  reader.require('-');
  const chrono::day day{static_cast<unsigned>(reader.digits(2))};
  if (!reader.take('t')) reader.require('T');
  const int hours = reader.digits(2);
  reader.require(':');
  const int minutes = reader.digits(2);
  reader.require(':');
  const int seconds = reader.digits(2);
  const Duration part = reader.take('.') ? fraction(reader) : Duration{0};
  const Duration east = offset(reader);

  const chrono::year_month_day date{year, month, day};
  const bool exists = date.ok() && hours < 24 && minutes < 60 && seconds <= 60;
  if (!reader.done() || !exists) return std::nullopt;
  return WallTime{chrono::sys_days{date}.time_since_epoch()} + chrono::hours{hours} +
         chrono::minutes{minutes} + chrono::seconds{seconds} + part - east;
}

}  // namespace homeostat
