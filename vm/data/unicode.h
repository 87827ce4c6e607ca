// What Unicode knows about characters: from utf8proc where there is (GEN_HAS_UTF8PROC), else for Latin-1
// only. The predicates are those of str's methods; surrogates and unassigned code points are in no class.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gen {

class StringBuilder;

bool is_alpha(char32_t);
bool is_decimal(char32_t);
bool is_digit(char32_t);       // decimals, superscripts, ...
bool is_numeric(char32_t);     // also fractions, numerals
bool is_wide_space(char32_t);  // beyond ASCII
inline bool is_space(char32_t c) {
    return c < 128 ? c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f) : is_wide_space(c);
}
bool is_printable(char32_t);
bool is_upper(char32_t);
bool is_lower(char32_t);
bool is_title(char32_t);
bool is_cased(char32_t);
bool is_case_ignorable(char32_t);
bool is_identifier_start(char32_t);
bool is_identifier_part(char32_t);
bool is_line_break(char32_t);  // of str.splitlines
inline bool is_alnum(char32_t c) { return is_alpha(c) || is_numeric(c); }

int decimal_value(char32_t);  // 0..9, or -1
int digit_value(char32_t);    // 0..9, or -1

// Full mappings: up to 3 code points are written to `out`; answers how many.
constexpr size_t kMaxCaseMapping = 3;
size_t to_upper(char32_t, char32_t* out);
size_t to_lower(char32_t, char32_t* out);  // without context: see lower_text for the final sigma
size_t to_title(char32_t, char32_t* out);
size_t to_casefold(char32_t, char32_t* out);

// Whole texts, as str's methods of these names do.
enum class CaseMapping : uint8_t { Upper, Lower, Title, Capitalize, Swap, Fold };
void append_mapped(StringBuilder&, std::string_view text, CaseMapping);

int east_asian_width(char32_t);  // columns in a terminal: 0, 1 or 2
const char* category(char32_t);  // "Lu", "Nd", ...

// The text of a number, with decimals of any script and space as ASCII; false: has other characters beyond
// ASCII.
bool append_ascii_digits(StringBuilder&, std::string_view text);

enum class Normalization : uint8_t { NFC, NFD, NFKC, NFKD };
// False where it is not available (no utf8proc and text beyond ASCII).
bool append_normalized(StringBuilder&, std::string_view text, Normalization);

}  // namespace gen
