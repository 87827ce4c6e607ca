// Literals as source text, the way Python's repr() writes them. Private to parser/.
#pragma once

#include <string>
#include <string_view>

#include "parser/ast.h"

namespace gen {

std::string literal_repr(const ast::Literal& literal);
std::string text_repr(std::string_view text);  // of a str in generalised UTF-8
// Escapes `c` if repr() would (quotes and backslashes are the caller's business) and answers whether it did.
bool escape_unprintable(std::string& out, char32_t code_point);

}  // namespace gen
