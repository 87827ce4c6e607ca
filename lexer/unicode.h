#pragma once

#include <string>
#include <string_view>

namespace gen {

// Reads one code point of valid UTF-8 and moves `place` behind it.
char32_t read_utf8(const char*& place);

// Appends a code point in (generalised) UTF-8: surrogates take three bytes as any other.
void append_utf8(std::string& text, char32_t code);

// The length of the longest valid UTF-8 prefix. Surrogates and overlong forms are not valid.
size_t valid_utf8_prefix(std::string_view text);

// Unicode's XID_Start and XID_Continue, with _ as a start. Without utf8proc everything from U+0080 is both.
bool is_name_start(char32_t code);
bool is_name_continue(char32_t code);

// str.isprintable of one character.
bool is_printable_character(char32_t code);

// The NFKC form of valid UTF-8, or the text itself without utf8proc.
std::string normalize_nfkc(std::string_view text);

}  // namespace gen
