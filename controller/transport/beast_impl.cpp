// SPDX-License-Identifier: Apache-2.0
// Beast's non-template half, compiled once for the whole program.
#include <boost/beast/src.hpp>
