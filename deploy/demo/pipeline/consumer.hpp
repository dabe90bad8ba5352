// SPDX-License-Identifier: Apache-2.0
// The batch consumer: gathers events for a window, drains what else is there, applies all of it in
// one transaction, and so on until it is asked to end.
#pragma once

#include <string>

#include "deploy/demo/pipeline/batch_costs.hpp"
#include "deploy/demo/pipeline/database.hpp"
#include "deploy/demo/pipeline/event_stream.hpp"
#include "deploy/demo/pipeline/statistics.hpp"
#include "deploy/demo/pipeline/stop_signal.hpp"
#include "deploy/demo/pipeline/window_source.hpp"

namespace melodyud {

class Consumer {
 public:
  /// All of it must outlive the consumer. `name`: by which Homeostat tells members of a group
  /// apart.
  Consumer(EventStream& events, Database& database, WindowSource& windows, StopSignal& stop,
           std::string name)
      : events_{events},
        database_{database},
        windows_{windows},
        stop_{stop},
        name_{std::move(name)} {}

  /// Until a signal asks to end: then the batch that is gathered is still applied. Throws as
  /// EventStream::poll() does.
  void run();

 private:
  void gather(const BatchWindow& window);
  void apply();
  void keep_books();

  EventStream& events_;
  Database& database_;
  WindowSource& windows_;
  StopSignal& stop_;
  std::string name_;
  Statistics statistics_;
  BatchCosts costs_;  ///< of the batches that Homeostat does not know of
  Monotonic::time_point reported_ = Monotonic::now();
};

}  // namespace melodyud
