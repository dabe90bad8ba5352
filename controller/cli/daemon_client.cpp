// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/daemon_client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <nlohmann/json.hpp>
#include <string_view>

#include "controller/transport/http_client.hpp"

namespace homeostat {
namespace {

namespace asio = boost::asio;

constexpr Duration kDeadline = std::chrono::seconds{5};

/// RFC 3986, section 2.3: what need not be encoded.
bool unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::string encoded(const std::string& text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (unreserved(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out.append(1, '%').append(1, kDigits[byte >> 4u]).append(1, kDigits[byte & 15u]);
    }
  }
  return out;
}

std::string url_of(std::string server, const std::string& path, const Parameters& parameters) {
  while (server.ends_with('/')) server.pop_back();
  auto url = server + path;
  char separator = '?';
  for (const auto& [name, value] : parameters) {
    url.append(1, separator).append(name).append(1, '=').append(encoded(value));
    separator = '&';
  }
  return url;
}

Result<HttpResponse> fetched(const std::string& url) {
  asio::io_context io;
  Result<HttpResponse> response = Error{ErrorCode::internal, "the request never ended"};
  const auto done = [&response](std::exception_ptr failure, Result<HttpResponse> answer) {
    if (failure) std::rethrow_exception(failure);
    response = std::move(answer);
  };
  asio::co_spawn(io, http_get(url, kDeadline), done);
  io.run();
  return response;
}

Result<HttpResponse> answer_of(const std::string& server, const std::string& path,
                               const Parameters& parameters) {
  auto response = fetched(url_of(server, path, parameters));
  if (response.has_value()) return response;
  const auto& error = response.error();
  if (error.code == ErrorCode::invalid_input) return error;
  return Error{error.code, "no daemon answers at " + server + ": " + error.context};
}

Error stranger(const std::string& server, int status) {
  return Error{ErrorCode::protocol, "what answers at " + server + " is no Homeostat (status " +
                                        std::to_string(status) + ")"};
}

}  // namespace

Result<nlohmann::json> ask_daemon(const std::string& server, const std::string& path,
                                  const Parameters& parameters) {
  const auto response = answer_of(server, path, parameters);
  if (!response.has_value()) return response.error();
  auto json = nlohmann::json::parse(response->body, nullptr, /*allow_exceptions=*/false);
  if (response->status == 200 && json.is_object()) {
    // Said outright: JSON is made from nearly everything.
    return Result<nlohmann::json>(boost::system::in_place_value, std::move(json));
  }
  if (json.is_object() && json.contains("error") && json["error"].is_string()) {
    return Error{ErrorCode::refused, json["error"].get<std::string>()};
  }
  return stranger(server, response->status);
}

Result<Health> ask_health(const std::string& server, const std::string& path) {
  const auto response = answer_of(server, path, {});
  if (!response.has_value()) return response.error();
  const bool well = response->status == 200 && response->body.starts_with("ok");
  if (!well && response->status != 503) return stranger(server, response->status);
  auto line = response->body;
  while (line.ends_with('\n')) line.pop_back();
  return Health{well, std::move(line)};
}

}  // namespace homeostat
