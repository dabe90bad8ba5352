// SPDX-License-Identifier: Apache-2.0
// An application with a fixed number of workers, and requests that come whether there is a worker
// or not: isolation_load CONNINFO WORKERS REQUESTS_PER_SECOND SECONDS. A request is a transaction
// on a row of bench_play that is chosen in turn, begins with homeostat.admit() as homeostat.route()
// says, and is given up after two seconds with its connection, as a client does that has a timeout.
//
// Prints `ready` when every worker is connected; then, when the requests are over, a line for each:
// when it came (seconds since `ready`), the node of its row, what became of it (done, refused,
// late), and seconds from when it came to that.
#include <libpq-fe.h>
#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kTimeout{2000};

struct Closer {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using Connection = std::unique_ptr<PGconn, Closer>;

struct Key {
  std::string id;
  std::string node;
};

struct Request {
  Clock::time_point came;
  std::size_t key = 0;
  const char* end = "late";
  double seconds = 0;
};

void quiet(void* /*unused*/, const PGresult* /*result*/) {}

/// Null when nobody answers.
Connection connected(const char* info) {
  Connection made{PQconnectdb(info)};
  if (PQstatus(made.get()) != CONNECTION_OK) return nullptr;
  PQsetNoticeReceiver(made.get(), quiet, nullptr);
  return made;
}

/// Of rows 1 to `count`, in a random order that is always the same.
std::vector<Key> keys_of(PGconn* connection, const char* count) {
  std::vector<Key> keys;
  PGresult* rows = PQexecParams(connection,
                                "SELECT k, r.node FROM generate_series(1, $1::integer) AS k, "
                                "homeostat.route('bench_play', k::text) AS r ORDER BY md5(k::text)",
                                1, nullptr, &count, nullptr, nullptr, 0);
  for (int row = 0; row < PQntuples(rows); ++row) {
    keys.push_back({PQgetvalue(rows, row, 0), PQgetvalue(rows, row, 1)});
  }
  PQclear(rows);
  return keys;
}

/// The SQLSTATE of the first error, empty for none; null when there is no end by `until`.
std::unique_ptr<std::string> finished(PGconn* connection, Clock::time_point until) {
  auto state = std::make_unique<std::string>();
  while (true) {
    while (PQisBusy(connection) != 0) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
      pollfd waiting{PQsocket(connection), POLLIN, 0};
      if (left <= 0 || poll(&waiting, 1, static_cast<int>(left)) <= 0) return nullptr;
      if (PQconsumeInput(connection) == 0) return nullptr;
    }
    PGresult* result = PQgetResult(connection);
    if (result == nullptr) return state;
    const char* code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (code != nullptr && state->empty()) *state = code;
    PQclear(result);
  }
}

/// Null takes a new connection.
const char* serve(const char* info, Connection& connection, const std::string& id) {
  if (!connection) connection = connected(info);
  if (!connection) return "late";
  const auto until = Clock::now() + kTimeout;
  const auto text = "BEGIN; SELECT homeostat.admit(r.zone, key => '" + id +
                    "') FROM homeostat.route('bench_play', '" + id +
                    "') AS r; UPDATE bench_play SET n = n + 1 WHERE id = " + id + "; COMMIT";
  const auto state = PQsendQuery(connection.get(), text.c_str()) == 0
                         ? nullptr
                         : finished(connection.get(), until);
  if (!state) {
    connection.reset();
    return "late";
  }
  if (state->empty()) return "done";
  if (PQsendQuery(connection.get(), "ROLLBACK") == 0 || !finished(connection.get(), until)) {
    connection.reset();
  }
  return *state == "HS005" ? "refused" : "late";
}

}  // namespace

int main(int count, char** words) {
  if (count != 6) return 2;
  const char* info = words[1];
  const int workers = static_cast<int>(std::strtol(words[2], nullptr, 10));
  const double rate = std::strtod(words[3], nullptr);
  std::vector<Request> requests(static_cast<std::size_t>(rate * std::strtod(words[4], nullptr)));
  std::vector<Connection> connections;
  for (int i = 0; i < workers; ++i) connections.push_back(connected(info));
  if (connections.empty() || !connections.front()) return 1;
  const auto keys = keys_of(connections.front().get(), words[5]);
  if (keys.empty()) return 1;
  std::puts("ready");
  std::fflush(stdout);

  const auto begin = Clock::now();
  const auto spacing =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / rate));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].came = begin + spacing * static_cast<int>(i);
    requests[i].key = i % keys.size();
  }
  // Who still waits when the last one came is given up.
  const auto over = begin + spacing * static_cast<int>(requests.size());
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> threads;
  for (auto& connection : connections) {
    threads.emplace_back([&] {
      for (auto i = next++; i < requests.size(); i = next++) {
        auto& request = requests[i];
        std::this_thread::sleep_until(request.came);
        if (Clock::now() < over) request.end = serve(info, connection, keys[request.key].id);
        request.seconds = std::chrono::duration<double>(Clock::now() - request.came).count();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& request : requests) {
    std::printf("%.6f %s %s %.6f\n", std::chrono::duration<double>(request.came - begin).count(),
                keys[request.key].node.c_str(), request.end, request.seconds);
  }
  return 0;
}
