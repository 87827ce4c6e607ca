#include "vm/data/unicode.h"

#include "vm/data/string.h"
#include "vm/data/unicode_tables.h"

#include <cstdlib>

#if GEN_HAS_UTF8PROC
#include <utf8proc.h>
#endif

namespace gen {

using namespace unicode_tables;

namespace {

template <size_t N>
bool in(const Span (&ranges)[N], char32_t c) {
    for (const Span& r : ranges)
        if (c <= r.last) return c >= r.first;  // in ascending order
    return false;
}

template <size_t N>
const FullMapping* full_mapping(const FullMapping (&table)[N], char32_t c) {
    if (c < table[0].from || c > table[N - 1].from) return nullptr;
    size_t low = 0, high = N - 1;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (table[middle].from < c)
            low = middle + 1;
        else
            high = middle;
    }
    return table[low].from == c ? &table[low] : nullptr;
}

size_t copy_mapping(const FullMapping& m, char32_t* out) {
    size_t n = 0;
    for (uint16_t c : m.to)
        if (c) out[n++] = c;
    return n;
}

#if GEN_HAS_UTF8PROC
char32_t simple_upper(char32_t c) { return char32_t(utf8proc_toupper(utf8proc_int32_t(c))); }
char32_t simple_lower(char32_t c) { return char32_t(utf8proc_tolower(utf8proc_int32_t(c))); }
char32_t simple_title(char32_t c) { return char32_t(utf8proc_totitle(utf8proc_int32_t(c))); }
#else
char32_t simple_upper(char32_t c) {
    if ((c >= 'a' && c <= 'z') || (c >= 0xe0 && c <= 0xfe && c != 0xf7)) return c - 32;
    return c == 0xb5 ? 0x39c : c == 0xff ? 0x178 : c;
}
char32_t simple_lower(char32_t c) {
    return (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ? c + 32 : c;
}
char32_t simple_title(char32_t c) { return simple_upper(c); }
#endif

bool category_is(char32_t c, char major) { return category(c)[0] == major; }
bool category_is(char32_t c, char major, char minor) {
    const char* name = category(c);
    return name[0] == major && name[1] == minor;
}

// A capital sigma at p (its first byte): final if it ends a word of cased letters.
bool is_final_sigma(const char* begin, const char* p, const char* end) {
    const char* q = p;
    bool before = false;
    while (q > begin) {
        char32_t c = decode_utf8_before(q);
        if (is_case_ignorable(c)) continue;
        before = is_cased(c);
        break;
    }
    if (!before) return false;
    q = p + 2;
    while (q < end) {
        char32_t c = decode_utf8(q);
        if (is_case_ignorable(c)) continue;
        return !is_cased(c);
    }
    return true;
}

}  // namespace

const char* category(char32_t c) {
#if GEN_HAS_UTF8PROC
    return utf8proc_category_string(utf8proc_int32_t(c));
#else
    return c < 256 ? &kLatin1Categories[2 * c] : c >= 0xd800 && c < 0xe000 ? "Cs" : "Cn";
#endif
}

bool is_alpha(char32_t c) {
    if (c < 128) return (c | 32) >= 'a' && (c | 32) <= 'z';
    return category_is(c, 'L');
}

bool is_decimal(char32_t c) {
    if (c < 128) return c >= '0' && c <= '9';
    return category_is(c, 'N', 'd');
}

int decimal_value(char32_t c) {
    if (c < 128) return c >= '0' && c <= '9' ? int(c - '0') : -1;
    if (!is_decimal(c)) return -1;
    int before = 0;  // decimals come in runs of ten, sometimes several in a row
    while (is_decimal(c - char32_t(before) - 1)) before++;
    return before % 10;
}

int digit_value(char32_t c) {
    for (const Digits& d : kDigits)
        if (c >= d.first && c <= d.last) return d.value + int(c - d.first);
    return decimal_value(c);
}

bool is_digit(char32_t c) { return digit_value(c) >= 0; }

bool is_numeric(char32_t c) {
    if (c < 128) return c >= '0' && c <= '9';
    return category_is(c, 'N') || in(kNumericIdeographs, c);
}

bool is_wide_space(char32_t c) {
    return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
           c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

bool is_line_break(char32_t c) {
    return (c >= 10 && c <= 13) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

bool is_printable(char32_t c) {
    if (c < 127) return c >= ' ';
    const char* name = category(c);
    return name[0] != 'C' && name[0] != 'Z';
}

bool is_upper(char32_t c) {
    if (c < 128) return c >= 'A' && c <= 'Z';
    return category_is(c, 'L', 'u') || in(kOtherUpper, c);
}

bool is_lower(char32_t c) {
    if (c < 128) return c >= 'a' && c <= 'z';
    return category_is(c, 'L', 'l') || in(kOtherLower, c);
}

bool is_title(char32_t c) { return c >= 128 && category_is(c, 'L', 't'); }
bool is_cased(char32_t c) { return is_upper(c) || is_lower(c) || is_title(c); }

bool is_case_ignorable(char32_t c) {
    if (in(kMidLetter, c)) return true;
    const char* name = category(c);
    return (name[0] == 'M' && name[1] != 'c') || (name[0] == 'C' && name[1] == 'f') ||
           (name[0] == 'L' && name[1] == 'm') || (name[0] == 'S' && name[1] == 'k');
}

bool is_identifier_start(char32_t c) {
    if (c < 128) return c == '_' || is_alpha(c);
    if (c == 0x2118 || c == 0x212e || c == 0x1885 || c == 0x1886) return true;
    return (is_alpha(c) || category_is(c, 'N', 'l')) && !in(kNotIdentifier, c);
}

bool is_identifier_part(char32_t c) {
    if (is_identifier_start(c) || is_decimal(c)) return true;
    if (c < 128) return false;
    const char* name = category(c);
    return (name[0] == 'M' && name[1] != 'e') || (name[0] == 'P' && name[1] == 'c') || c == 0xb7 ||
           c == 0x387 || (c >= 0x1369 && c <= 0x1371) || c == 0x19da;
}

size_t to_upper(char32_t c, char32_t* out) {
    if (c >= 128)
        if (const FullMapping* m = full_mapping(kFullUpper, c)) return copy_mapping(*m, out);
    *out = c < 128 ? (c >= 'a' && c <= 'z' ? c - 32 : c) : simple_upper(c);
    return 1;
}

size_t to_lower(char32_t c, char32_t* out) {
    if (c == 0x130) {
        out[0] = 'i';
        out[1] = 0x307;
        return 2;
    }
    *out = c < 128 ? (c >= 'A' && c <= 'Z' ? c + 32 : c) : simple_lower(c);
    return 1;
}

size_t to_title(char32_t c, char32_t* out) {
    if (c >= 128)
        if (const FullMapping* m = full_mapping(kFullTitle, c)) return copy_mapping(*m, out);
    *out = c < 128 ? (c >= 'a' && c <= 'z' ? c - 32 : c) : simple_title(c);
    return 1;
}

size_t to_casefold(char32_t c, char32_t* out) {
    if (c < 128) return to_lower(c, out);
#if GEN_HAS_UTF8PROC
    utf8proc_int32_t folded[8];
    int boundary = 0;
    utf8proc_ssize_t n =
        utf8proc_decompose_char(utf8proc_int32_t(c), folded, 8, UTF8PROC_CASEFOLD, &boundary);
    if (n < 1 || n > utf8proc_ssize_t(kMaxCaseMapping)) {
        *out = c;
        return 1;
    }
    for (utf8proc_ssize_t i = 0; i < n; i++) out[i] = char32_t(folded[i]);
    return size_t(n);
#else
    if (c == 0xdf) {
        out[0] = out[1] = 's';
        return 2;
    }
    *out = c == 0xb5 ? 0x3bc : simple_lower(c);
    return 1;
#endif
}

void append_mapped(StringBuilder& out, std::string_view text, CaseMapping mapping) {
    const char *begin = text.data(), *end = begin + text.size();
    bool after_cased = false, first = true;
    for (const char* p = begin; p < end && !out.failed(); first = false) {
        const char* at = p;
        char32_t c = decode_utf8(p), mapped[kMaxCaseMapping];
        CaseMapping m = mapping;
        if (m == CaseMapping::Title)
            m = after_cased ? CaseMapping::Lower : CaseMapping::Title;
        else if (m == CaseMapping::Capitalize)
            m = first ? CaseMapping::Title : CaseMapping::Lower;
        else if (m == CaseMapping::Swap)
            m = is_upper(c) ? CaseMapping::Lower : CaseMapping::Upper;
        if (mapping == CaseMapping::Title) after_cased = is_cased(c);
        if (mapping == CaseMapping::Swap && !is_upper(c) && !is_lower(c)) {
            out.append_char(c);
            continue;
        }
        size_t n = 1;
        if (m == CaseMapping::Upper)
            n = to_upper(c, mapped);
        else if (m == CaseMapping::Title)
            n = to_title(c, mapped);
        else if (m == CaseMapping::Fold)
            n = to_casefold(c, mapped);
        else if (c == 0x3a3)
            mapped[0] = is_final_sigma(begin, at, end) ? 0x3c2 : 0x3c3;
        else
            n = to_lower(c, mapped);
        for (size_t i = 0; i < n; i++) out.append_char(mapped[i]);
    }
}

int east_asian_width(char32_t c) {
#if GEN_HAS_UTF8PROC
    return utf8proc_charwidth(utf8proc_int32_t(c));
#else
    return is_printable(c) || c >= 256;
#endif
}

bool append_normalized(StringBuilder& out, std::string_view text, Normalization form) {
    if (is_ascii(text)) {
        out.append(text);
        return true;
    }
#if GEN_HAS_UTF8PROC
    bool compose = form == Normalization::NFC || form == Normalization::NFKC;
    bool compatible = form == Normalization::NFKC || form == Normalization::NFKD;
    int options = UTF8PROC_STABLE | (compose ? UTF8PROC_COMPOSE : UTF8PROC_DECOMPOSE) |
                  (compatible ? UTF8PROC_COMPAT : 0);
    while (!text.empty()) {  // surrogates stay as they are, and what is between them is normalised
        size_t n = valid_utf8(text);
        if (n) {
            utf8proc_uint8_t* result = nullptr;
            utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                                 utf8proc_ssize_t(n), &result, utf8proc_option_t(options));
            if (size < 0) return false;
            out.append({reinterpret_cast<char*>(result), size_t(size)});
            std::free(result);
            text.remove_prefix(n);
        }
        if (text.size() >= 3) {
            out.append(text.substr(0, 3));
            text.remove_prefix(3);
        }
    }
    return true;
#else
    (void)form;
    return false;
#endif
}

bool append_ascii_digits(StringBuilder& out, std::string_view text) {
    const char *p = text.data(), *end = p + text.size();
    while (p < end) {
        char32_t c = decode_utf8(p);
        if (c < 128) {
            out.append(char(c));
            continue;
        }
        int digit = decimal_value(c);
        if (digit < 0 && !is_space(c)) return false;
        out.append(digit < 0 ? ' ' : char('0' + digit));
    }
    return true;
}

}  // namespace gen
