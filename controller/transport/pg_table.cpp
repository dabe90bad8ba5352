// SPDX-License-Identifier: Apache-2.0
#include <libpq-fe.h>

#include <charconv>
#include <utility>

#include "controller/transport/pg_session.hpp"

namespace homeostat::pg {

struct Table::Owned {
  explicit Owned(PGresult* taken) : result{taken} {}
  ~Owned() { PQclear(result); }
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  PGresult* result;
};

namespace {

template <class Number>
std::optional<Number> parse(std::optional<std::string_view> text) {
  if (!text) return std::nullopt;
  Number number{};
  const auto* end = text->data() + text->size();
  const auto [stopped, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return number;
}

}  // namespace

Table::Table() = default;
Table::Table(void* pg_result)
    : owned_{std::make_unique<Owned>(static_cast<PGresult*>(pg_result))} {}
Table::Table(Table&&) noexcept = default;
Table& Table::operator=(Table&&) noexcept = default;
Table::~Table() = default;

int Table::rows() const { return owned_ ? PQntuples(owned_->result) : 0; }
int Table::columns() const { return owned_ ? PQnfields(owned_->result) : 0; }

std::optional<std::string_view> Table::text(int row, int column) const {
  if (row < 0 || column < 0 || row >= rows() || column >= columns()) return std::nullopt;
  if (PQgetisnull(owned_->result, row, column) != 0) return std::nullopt;
  const auto size = static_cast<std::size_t>(PQgetlength(owned_->result, row, column));
  return std::string_view{PQgetvalue(owned_->result, row, column), size};
}

std::string Table::string(int row, int column) const {
  return std::string{text(row, column).value_or("")};
}

std::optional<double> Table::number(int row, int column) const {
  return parse<double>(text(row, column));
}

std::optional<std::int64_t> Table::integer(int row, int column) const {
  return parse<std::int64_t>(text(row, column));
}

}  // namespace homeostat::pg
