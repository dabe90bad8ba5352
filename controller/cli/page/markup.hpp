// SPDX-License-Identifier: Apache-2.0
// HTML that is well-formed XML, too. Everything that comes from files or servers goes through
// `escaped`. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/text/table.hpp"

namespace homeostat::page {

/// As content or as the value of an attribute in quotes; control characters become `?`.
std::string escaped(const std::string& text);

/// `<NAME class="…">TEXT</NAME>`, the text escaped; no class when it is empty.
std::string element(const std::string& name, const std::string& text,
                    const std::string& css_class = {});

/// The first row is the head. Empty without rows.
std::string html_table(const std::vector<text::Row>& rows);

/// A whole page: nothing is fetched, and its policy forbids it to. `body` is markup.
std::string document(const std::string& title, const std::string& body);

}  // namespace homeostat::page
