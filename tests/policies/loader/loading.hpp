// SPDX-License-Identifier: Apache-2.0
// Texts to load, and what came of it.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "policies/loader/loader.hpp"

namespace homeostat::test {

/// A folder of its own, gone with the object.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  /// Writes a file (mode 0600) and gives its path. `name` may contain folders.
  std::string write(const std::string& name, std::string_view text) const;
  std::string path(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// Loads the texts as files `1.yaml`, `2.yaml` … under enforce, at normal speed.
PolicyLoad load_texts(const std::vector<std::string>& texts);
PolicyLoad load_texts(const std::vector<std::string>& texts, const Vocabulary& vocabulary);

/// The only policy of a text that must load; a failed test otherwise.
Policy load_one(const std::string& text);

/// The same over a vocabulary of its own.
Policy load_one(const std::string& text, const Vocabulary& vocabulary);

/// `line:column: message` of every error, without the file.
std::vector<std::string> errors_of(const std::string& text);
std::vector<std::string> errors_of(const std::string& text, const Vocabulary& vocabulary);
std::vector<std::string> config_errors_of(const std::string& text);

/// The texts of findings without the folder: `1.yaml:3:1: …`.
std::vector<std::string> texts_of(const std::vector<Finding>& findings);

/// A small breaker that loads; `more` is put after it.
std::string breaker(const std::string& more = "");
/// The same with another condition, which stands in line 4 from column 7 on.
std::string breaker_opening(const std::string& condition);
/// Batch-window and back-pressure as the policy language has them, over regulated_vocabulary();
/// `more` is put after them.
std::string batch_window(const std::string& more = "");
std::string back_pressure(const std::string& more = "");
/// Shard-balance as the policy language has it, over job_vocabulary(), without the parts that need
/// other policies or signals.
std::string shard_balance(const std::string& more = "");
/// A small alert policy that loads.
std::string alert(const std::string& more = "");
/// A small configuration that loads.
std::string small_config(const std::string& more = "");

/// `text` with the first `from` replaced; a failed test when there is none.
std::string replaced(std::string text, std::string_view from, std::string_view to);

/// The text of a file of the repository.
std::string source_text(const std::string& path);

}  // namespace homeostat::test
