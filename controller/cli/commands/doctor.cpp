// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/doctor.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "controller/cli/doctor/check_policies.hpp"
#include "controller/cli/doctor/examine.hpp"
#include "controller/cli/setup.hpp"
#include "controller/cli/text/doctor_text.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

constexpr int kFailures = 1;
constexpr int kNotLoaded = 2;

struct DoctorOptions {
  std::string config = kDefaultConfig;
  bool json = false;
};

void print(const DoctorOptions& options, const std::vector<doctor::Finding>& findings) {
  if (!options.json) {
    std::cout << text::doctor(findings);
    return;
  }
  // A server's messages may come in any encoding.
  constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
  std::cout << doctor::to_json(findings).dump(2, ' ', false, kReplace) << "\n";
}

int run_doctor(const DoctorOptions& options) {
  auto load = load_setup(options.config);
  if (!load.setup) {
    print(options, doctor::check_load(load.errors));
    return kNotLoaded;
  }
  asio::io_context io(1);
  std::vector<doctor::Finding> findings;
  const auto done = [&findings](std::exception_ptr failure, std::vector<doctor::Finding> all) {
    if (failure) std::rethrow_exception(failure);
    findings = std::move(all);
  };
  auto examination = doctor::examine(io.get_executor(), std::move(*load.setup), load.notes);
  asio::co_spawn(io, std::move(examination), done);
  io.run();
  print(options, findings);
  return doctor::worst(findings) == doctor::Grade::fail ? kFailures : 0;
}

}  // namespace

void add_doctor_command(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<DoctorOptions>();
  auto* command = app.add_subcommand(
      "doctor",
      "Check connections, privileges, identity and policies; say how to mend what is not");
  command->add_option("--config", options->config, "The daemon's configuration")
      ->capture_default_str();
  command->add_flag("--json", options->json, "One JSON object instead of text");
  command->footer(
      "It connects as the daemon does, and changes nothing. Run it as the user that the daemon\n"
      "runs as: files are judged for this user.\n"
      "Exit status: 0 all is well, or there are warnings only; 1 there are failures; 2 the\n"
      "configuration cannot be loaded.\n\n"
      "Example:\n  homeostat doctor --config /etc/homeostat/homeostat.yaml\n"
      "  homeostat doctor --json | jq '.findings[] | select(.grade != \"ok\")'");
  command->callback([options, &chosen] { chosen = [options] { return run_doctor(*options); }; });
}

}  // namespace homeostat
