// SPDX-License-Identifier: Apache-2.0
// Errors are values: what went wrong, in words an operator can act on, and where.
#pragma once

#include <boost/system/result.hpp>
#include <string>

namespace homeostat {

enum class ErrorCode {
  invalid_input,      ///< a file, flag or value that a person wrote is wrong
  unavailable,        ///< the other side cannot be reached or dropped the connection
  timeout,            ///< a deadline passed; what happened on the other side is unknown
  cancelled,          ///< the other side gave up by a timeout of its own: nothing happened there
  refused,            ///< the other side answered, and the answer is no
  missing_privilege,  ///< refused for want of a GRANT, which `context` names
  superseded,         ///< the fence turned the write away: somebody else leads now
  foreign_value,      ///< the target holds a value that somebody else has written
  storage,            ///< the local disk or file failed
  protocol,           ///< the other side answered something that cannot be understood
  not_found,          ///< no such thing
  internal,           ///< a defect of Homeostat
};

/// Position in a text file. Lines and columns count from 1; line 0 means "no place".
struct Place {
  std::string file;
  int line = 0;
  int column = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string context;  ///< one line, no secrets, no query text
  Place place = {};
};

/// A value or an Error. Test with has_value(); read with *. Never call value(): it throws.
template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace homeostat
