// SPDX-License-Identifier: Apache-2.0
// The journal's file on disk: made private, opened whole, set aside when damaged.
#pragma once

#include <cstdint>
#include <string>

#include "controller/transport/sqlite.hpp"
#include "policies/model/error.hpp"

namespace homeostat::journal {

/// The inode behind a path, to notice a file that was deleted or replaced under an open journal.
/// 0 when there is none.
std::uint64_t inode_of(const std::string& path);

struct OpenedFile {
  sqlite::Database database;
  std::string quarantined;  ///< where a damaged predecessor went; empty when it was sound
};

/// Opens the journal for writing, and creates it with mode 0600 when it is missing. This connection
/// is the only one: it holds the file locked until it is closed, for SQLite before 3.51.3 can
/// damage a WAL that several connections write and reset (hazard 41). A damaged file is renamed to
/// PATH.corrupt-N (the newest three are kept) and a fresh one started. Errors `storage`.
Result<OpenedFile> open_file(const std::string& path);

}  // namespace homeostat::journal
