// SPDX-License-Identifier: Apache-2.0
// Asio's non-template half, compiled once for the whole program.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
