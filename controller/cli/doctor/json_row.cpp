// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/json_row.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace homeostat::doctor {

boost::asio::awaitable<Result<nlohmann::json>> json_row(pg::Session& session, std::string_view sql,
                                                        Duration deadline) {
  std::string statement{sql};
  const auto table = co_await session.script(std::move(statement), deadline);
  if (!table.has_value()) co_return table.error();
  const auto text = table->text(0, 0).value_or("");
  auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) {
    Error error{ErrorCode::protocol, "the server's answer is no JSON"};
    co_return error;
  }
  // Said outright: JSON is made from nearly everything.
  Result<nlohmann::json> answer(boost::system::in_place_value, std::move(json));
  co_return answer;
}

}  // namespace homeostat::doctor
