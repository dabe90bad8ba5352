// SPDX-License-Identifier: Apache-2.0
// An HTTP/1.1 server that answers questions and changes nothing: GET and HEAD, bounded in every
// direction (H46, H47).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

struct HttpRequest {
  std::string path;                          ///< decoded, without the query: `/v1/status`
  std::map<std::string, std::string> query;  ///< decoded; the first of a repeated name counts
  std::string host;                          ///< the Host header as sent, perhaps with a port
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};  ///< beside the usual ones
};

/// Answers from what is at hand: it must not block, and runs on the server's executor. What it
/// throws becomes a 500 without a word about why.
using HttpHandler = std::function<HttpAnswer(const HttpRequest&)>;

struct HttpLimits {
  Duration header_deadline = std::chrono::seconds{5};  ///< from the first byte, or the connection
  Duration body_deadline = std::chrono::seconds{5};
  Duration answer_deadline = std::chrono::seconds{10};  ///< for the client to take the answer
  Duration idle = std::chrono::seconds{60};             ///< between two requests of a connection
  std::size_t header_bytes = 8 * 1024;                  ///< more: 431
  std::size_t body_bytes = 64 * 1024;                   ///< more: 413
  int connections = 64;                                 ///< more: 503, and closed at once
};

class HttpServer {
 public:
  /// Binds and listens; port 0 takes a free one. Errors: invalid_input (`host` is no address of
  /// this machine), unavailable (the port is taken, or may not be used), in one clear line.
  static Result<std::unique_ptr<HttpServer>> listen(boost::asio::any_io_executor executor,
                                                    const std::string& host, int port,
                                                    HttpHandler handler, HttpLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  int port() const;

  /// Serves until stop(). Returns when the last connection has ended. REQUIRES: called once.
  boost::asio::awaitable<void> run();

  /// Takes no more connections and closes those that wait for a request; answers under way are
  /// finished within their deadlines. May be called more than once.
  void stop();

  /// Connections open now.
  int connections() const;

 private:
  struct Impl;
  explicit HttpServer(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace homeostat
