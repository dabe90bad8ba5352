// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/text_checks.hpp"

#include <cstddef>

namespace homeostat::loader {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U;
}

/// Bytes of the well-formed UTF-8 character at `at`; 0 when there is none (RFC 3629, section 4).
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const unsigned lead = byte_at(text, at);
  const unsigned second = byte_at(text, at + 1);
  const auto continues = [&](std::size_t offset) {
    return (byte_at(text, at + offset) & 0xC0U) == 0x80U;
  };
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const bool overlong = lead == 0xE0 && second < 0xA0;
    const bool surrogate = lead == 0xED && second > 0x9F;
    return continues(1) && continues(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const bool overlong = lead == 0xF0 && second < 0x90;
    const bool beyond = lead == 0xF4 && second > 0x8F;
    return continues(1) && continues(2) && continues(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

std::size_t offset_of(std::string_view text, int line, int column) {
  std::size_t at = 0;
  for (int passed = 0; passed < line; ++passed) {
    const auto end = text.find('\n', at);
    if (end == std::string_view::npos) return text.size();
    at = end + 1;
  }
  return at + static_cast<std::size_t>(column);
}

}  // namespace

std::optional<BadCharacter> find_bad_character(std::string_view text) {
  BadCharacter here;
  for (std::size_t at = 0; at < text.size();) {
    const auto length = utf8_length(text, at);
    const unsigned byte = byte_at(text, at);
    const bool control =
        (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7F;
    if (length == 0) here.message = "this is not UTF-8 text";
    if (control) here.message = "a control character stands here; expected text";
    if (length == 0 || control) return here;
    at += length;
    here.column += static_cast<int>(length);
    if (byte == '\n') {
      ++here.line;
      here.column = 1;
    }
  }
  return std::nullopt;
}

bool quotes_close(std::string_view text, int line, int column) {
  constexpr std::string_view kBlank = " \t\r\n";
  auto at = offset_of(text, line, column);
  // An anchor (`&name`) stands before the scalar it names.
  while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
    at = text.find_first_of(kBlank, at);
    at = at == std::string_view::npos ? at : text.find_first_not_of(kBlank, at);
  }
  if (at >= text.size()) return false;
  const char quote = text[at];
  if (quote != '"' && quote != '\'') return true;
  for (++at; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || at + 1 >= text.size() || text[at + 1] != '\'') return true;
      ++at;  // two single quotes are one character
    }
  }
  return false;
}

}  // namespace homeostat::loader
