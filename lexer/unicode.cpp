#include "lexer/unicode.h"

#include <cstdlib>
#include <cstring>

#ifdef GEN_HAS_UTF8PROC
#include <utf8proc.h>
#endif

namespace gen {

char32_t read_utf8(const char*& place) {
    auto byte = [&](int i) { return static_cast<char32_t>(static_cast<unsigned char>(place[i])); };
    char32_t first = byte(0);
    if (first < 0x80) {
        place += 1;
        return first;
    }
    if (first < 0xE0) {
        char32_t code = (first & 0x1F) << 6 | (byte(1) & 0x3F);
        place += 2;
        return code;
    }
    if (first < 0xF0) {
        char32_t code = (first & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
        place += 3;
        return code;
    }
    char32_t code = (first & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
    place += 4;
    return code;
}

void append_utf8(std::string& text, char32_t code) {
    auto add = [&](char32_t byte) { text += static_cast<char>(byte); };
    if (code < 0x80) {
        add(code);
    } else if (code < 0x800) {
        add(0xC0 | code >> 6);
        add(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        add(0xE0 | code >> 12);
        add(0x80 | (code >> 6 & 0x3F));
        add(0x80 | (code & 0x3F));
    } else {
        add(0xF0 | code >> 18);
        add(0x80 | (code >> 12 & 0x3F));
        add(0x80 | (code >> 6 & 0x3F));
        add(0x80 | (code & 0x3F));
    }
}

size_t valid_utf8_prefix(std::string_view text) {
    const char* bytes = text.data();
    size_t size = text.size();
    size_t i = 0;
    auto at = [&](size_t k) { return static_cast<unsigned char>(bytes[k]); };
    auto continues = [&](size_t k) { return k < size && (at(k) & 0xC0) == 0x80; };
    while (i < size) {
        uint64_t word;
        while (i + sizeof word <= size) {
            std::memcpy(&word, bytes + i, sizeof word);
            if (word & 0x8080808080808080u) break;
            i += sizeof word;
        }
        if (i == size) break;
        unsigned char first = at(i);
        if (first < 0x80) {
            i += 1;
        } else if (first >= 0xC2 && first < 0xE0) {
            if (!continues(i + 1)) return i;
            i += 2;
        } else if (first >= 0xE0 && first < 0xF0) {
            if (!continues(i + 1) || !continues(i + 2)) return i;
            if (first == 0xE0 && at(i + 1) < 0xA0) return i;   // overlong
            if (first == 0xED && at(i + 1) >= 0xA0) return i;  // surrogate
            i += 3;
        } else if (first >= 0xF0 && first < 0xF5) {
            if (!continues(i + 1) || !continues(i + 2) || !continues(i + 3)) return i;
            if (first == 0xF0 && at(i + 1) < 0x90) return i;   // overlong
            if (first == 0xF4 && at(i + 1) >= 0x90) return i;  // beyond U+10FFFF
            i += 4;
        } else {
            return i;
        }
    }
    return i;
}

#ifdef GEN_HAS_UTF8PROC

namespace {

// What XID_Start leaves out of ID_Start, and XID_Continue out of ID_Continue, so that NFKC keeps identifiers
// identifiers.
bool breaks_under_nfkc(char32_t code) {
    return code == 0x037A || code == 0x309B || code == 0x309C || (code >= 0xFC5E && code <= 0xFC63) ||
           code == 0xFDFA || code == 0xFDFB || (code >= 0xFE70 && code <= 0xFE7E && code % 2 == 0);
}

}  // namespace

bool is_name_start(char32_t code) {
    if (code < 0x80) return (code | 0x20) - 'a' < 26u || code == '_';
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
        case UTF8PROC_CATEGORY_LU:
        case UTF8PROC_CATEGORY_LL:
        case UTF8PROC_CATEGORY_LT:
        case UTF8PROC_CATEGORY_LM:
        case UTF8PROC_CATEGORY_LO:
        case UTF8PROC_CATEGORY_NL:
            return !breaks_under_nfkc(code) && code != 0x0E33 && code != 0x0EB3 && code != 0x2E2F &&
                   code != 0xFF9E && code != 0xFF9F;
        default:
            return code == 0x1885 || code == 0x1886 || code == 0x2118 || code == 0x212E;
    }
}

bool is_name_continue(char32_t code) {
    if (code < 0x80) return is_name_start(code) || code - '0' < 10u;
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
        case UTF8PROC_CATEGORY_MN:
        case UTF8PROC_CATEGORY_MC:
        case UTF8PROC_CATEGORY_ND:
        case UTF8PROC_CATEGORY_PC:
            return true;
        default:
            break;
    }
    return is_name_start(code) || code == 0x0E33 || code == 0x0EB3 || code == 0xFF9E || code == 0xFF9F ||
           code == 0x00B7 || code == 0x0387 || (code >= 0x1369 && code <= 0x1371) || code == 0x19DA;
}

bool is_printable_character(char32_t code) {
    if (code < 0x80) return code >= 0x20 && code < 0x7F;
    switch (utf8proc_category(static_cast<utf8proc_int32_t>(code))) {
        case UTF8PROC_CATEGORY_CN:
        case UTF8PROC_CATEGORY_CC:
        case UTF8PROC_CATEGORY_CF:
        case UTF8PROC_CATEGORY_CS:
        case UTF8PROC_CATEGORY_CO:
        case UTF8PROC_CATEGORY_ZL:
        case UTF8PROC_CATEGORY_ZP:
        case UTF8PROC_CATEGORY_ZS:
            return false;
        default:
            return true;
    }
}

std::string normalize_nfkc(std::string_view text) {
    utf8proc_uint8_t* mapped = nullptr;
    utf8proc_ssize_t size = utf8proc_map(
        reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
        &mapped, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT));
    if (size < 0) return std::string(text);
    std::string result(reinterpret_cast<const char*>(mapped), static_cast<size_t>(size));
    std::free(mapped);
    return result;
}

#else

bool is_name_start(char32_t code) { return (code | 0x20) - 'a' < 26u || code == '_' || code >= 0x80; }

bool is_name_continue(char32_t code) { return is_name_start(code) || code - '0' < 10u; }

bool is_printable_character(char32_t code) {
    return code >= 0x20 && code != 0x7F && !(code >= 0x80 && code <= 0xA0);
}

std::string normalize_nfkc(std::string_view text) { return std::string(text); }

#endif

}  // namespace gen
