// The names of characters in the Unicode Character Database.
#pragma once
#include <string>
#include <string_view>

namespace gen {

// The character of a name or alias, whatever the case of its letters; nothing: none has it. U+0000 has one, too.
bool find_named_character(std::string_view name, char32_t& code);

// Empty: it has none, as controls and what is not assigned.
std::string name_of_character(char32_t);

}  // namespace gen
