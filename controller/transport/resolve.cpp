// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/resolve.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace homeostat {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

// Outlives the caller: getaddrinfo() in Asio's thread cannot be cancelled once it runs.
struct Lookup {
  explicit Lookup(const asio::any_io_executor& executor) : resolver{executor}, timer{executor} {}
  Tcp::resolver resolver;
  asio::steady_timer timer;
  bool done = false;
  boost::system::error_code error;
  std::vector<std::string> addresses;
};

void start(const std::shared_ptr<Lookup>& lookup, const std::string& host) {
  auto finished = [lookup](const boost::system::error_code& error,
                           const Tcp::resolver::results_type& results) {
    lookup->done = true;
    lookup->error = error;
    for (const auto& entry : results) {
      auto address = entry.endpoint().address().to_string();
      const auto& known = lookup->addresses;
      if (std::find(known.begin(), known.end(), address) == known.end()) {
        lookup->addresses.push_back(std::move(address));
      }
    }
    lookup->timer.cancel();
  };
  lookup->resolver.async_resolve(host, "", std::move(finished));
}

}  // namespace

asio::awaitable<Result<std::vector<std::string>>> resolve(asio::any_io_executor executor,
                                                          std::string host, Duration deadline) {
  std::vector<std::string> addresses;
  boost::system::error_code not_an_address;
  asio::ip::make_address(host, not_an_address);
  if (!not_an_address) {
    addresses.push_back(std::move(host));
    co_return addresses;
  }
  const auto lookup = std::make_shared<Lookup>(executor);
  lookup->timer.expires_after(deadline);
  start(lookup, host);
  co_await lookup->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  Error failure;
  if (!lookup->done) {
    lookup->resolver.cancel();
    failure.code = ErrorCode::timeout;
    failure.context = "looking up " + host + ": no answer within " +
                      std::to_string(deadline.count() / 1000) + " ms";
    co_return failure;
  }
  if (lookup->error || lookup->addresses.empty()) {
    const bool unknown = lookup->error == asio::error::host_not_found;
    failure.code = unknown ? ErrorCode::not_found : ErrorCode::unavailable;
    failure.context = "looking up " + host + ": " + lookup->error.message();
    co_return failure;
  }
  addresses = std::move(lookup->addresses);
  co_return addresses;
}

}  // namespace homeostat
