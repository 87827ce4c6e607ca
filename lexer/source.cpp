#include "lexer/source.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "lexer/unicode.h"

namespace gen {
namespace {

constexpr size_t kMaxBytes = size_t{1} << 31;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

enum class Encoding : uint8_t { Utf8, Ascii, Latin1, Other };

// The x of a line that matches `[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)`, or nothing.
std::string_view coding_of(std::string_view line) {
    size_t start = line.find_first_not_of(" \t\f");
    if (start == std::string_view::npos || line[start] != '#') return {};
    for (size_t at = line.find("coding", start); at != std::string_view::npos;
         at = line.find("coding", at + 1)) {
        size_t i = at + 6;
        if (i >= line.size() || (line[i] != ':' && line[i] != '=')) continue;
        i = line.find_first_not_of(" \t", i + 1);
        if (i == std::string_view::npos) return {};
        size_t end = i;
        auto is_name = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                   c == '_' || c == '.';
        };
        while (end < line.size() && is_name(line[end])) ++end;
        if (end > i) return line.substr(i, end - i);
    }
    return {};
}

// The coding line must be the first, or the second after a first without code.
std::string_view find_cookie(std::string_view bytes) {
    for (int line_number = 0; line_number < 2; ++line_number) {
        size_t end = bytes.find_first_of("\r\n");
        std::string_view line = bytes.substr(0, end);
        std::string_view coding = coding_of(line);
        if (!coding.empty()) return coding;
        size_t start = line.find_first_not_of(" \t\f");
        if (start != std::string_view::npos && line[start] != '#') return {};
        if (end == std::string_view::npos) return {};
        bool crlf = bytes.substr(end).starts_with("\r\n");
        bytes.remove_prefix(end + (crlf ? 2 : 1));
    }
    return {};
}

Encoding encoding_named(std::string_view cookie) {
    std::string name;
    for (char c : cookie) {
        if (c == '_') c = '-';
        name += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
    for (const char* known : {"utf-8", "utf8", "u8", "utf", "utf-8-sig"}) {
        if (name == known) return Encoding::Utf8;
    }
    if (name.starts_with("utf-8-")) return Encoding::Utf8;
    for (const char* known : {"ascii", "us-ascii", "646"}) {
        if (name == known) return Encoding::Ascii;
    }
    for (const char* known :
         {"latin-1", "latin1", "l1", "iso-8859-1", "iso8859-1", "iso-latin-1", "8859", "cp819"}) {
        if (name == known) return Encoding::Latin1;
    }
    return Encoding::Other;
}

std::string latin1_to_utf8(std::string_view bytes) {
    std::string result;
    result.reserve(bytes.size() + bytes.size() / 8);
    for (char c : bytes) append_utf8(result, static_cast<unsigned char>(c));
    return result;
}

// \r\n and \r become \n.
std::string with_plain_newlines(std::string_view bytes) {
    std::string result;
    result.reserve(bytes.size() + 1);
    for (;;) {
        size_t end = bytes.find('\r');
        result.append(bytes.substr(0, end));
        if (end == std::string_view::npos) return result;
        result += '\n';
        bool crlf = bytes.substr(end).starts_with("\r\n");
        bytes.remove_prefix(end + (crlf ? 2 : 1));
    }
}

uint32_t line_at(std::string_view bytes, size_t offset) {
    return static_cast<uint32_t>(
        1 + std::count(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(offset), '\n'));
}

Diagnostic whole_text_error(std::string message) {
    Diagnostic result;
    result.message = std::move(message);
    return result;
}

std::string hex_byte(char byte) {
    constexpr char kDigits[] = "0123456789abcdef";
    auto value = static_cast<unsigned char>(byte);
    return {kDigits[value >> 4], kDigits[value & 15]};
}

// Why the byte at `bad` ends the valid UTF-8, in the words of the utf-8 codec.
std::string_view utf8_fault(std::string_view bytes, size_t bad) {
    auto first = static_cast<unsigned char>(bytes[bad]);
    if (first < 0xC2 || first > 0xF4) return "invalid start byte";
    size_t needed = first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    return bytes.size() - bad <= needed ? "unexpected end of data" : "invalid continuation byte";
}

}  // namespace

Source Source::from_bytes(std::string name, std::string_view bytes) {
    return decode(std::move(name), bytes, true);
}

Source Source::from_text(std::string name, std::string_view text) {
    return decode(std::move(name), text, false);
}

Source Source::decode(std::string name, std::string_view bytes, bool obey_cookie) {
    Source source;
    source.name_ = std::move(name);
    source.line_starts_.push_back(0);

    if (bytes.size() > kMaxBytes) {
        source.error_ = whole_text_error("source code is too large");
        return source;
    }
    bool marked = bytes.starts_with(kByteOrderMark);
    if (marked) bytes.remove_prefix(kByteOrderMark.size());

    if (size_t nul = bytes.find('\0'); nul != std::string_view::npos) {
        Diagnostic error = whole_text_error(obey_cookie ? "source code cannot contain null bytes"
                                                        : "source code string cannot contain null bytes");
        if (obey_cookie) {
            error.line = error.end_line = line_at(bytes, nul);
            size_t line_start = bytes.substr(0, nul).rfind('\n') + 1;
            error.text = bytes.substr(line_start, nul - line_start);
            error.text.resize(valid_utf8_prefix(error.text));
        }
        source.error_ = std::move(error);
        return source;
    }

    std::string_view cookie = obey_cookie ? find_cookie(bytes) : std::string_view();
    Encoding encoding = cookie.empty() ? Encoding::Utf8 : encoding_named(cookie);
    size_t valid = valid_utf8_prefix(bytes);
    bool is_ascii = std::none_of(bytes.begin(), bytes.end(), [](char c) { return (c & 0x80) != 0; });

    if (encoding == Encoding::Other || (encoding == Encoding::Ascii && !is_ascii)) {
        source.error_ = whole_text_error("encoding problem: " + std::string(cookie));
    } else if (marked && encoding != Encoding::Utf8) {
        source.error_ = whole_text_error(
            "encoding problem: " + (encoding == Encoding::Latin1 ? "iso-8859-1" : std::string(cookie)) +
            " with BOM");
    } else if (encoding != Encoding::Latin1 && valid < bytes.size()) {
        if (cookie.empty() && obey_cookie) {
            source.error_ =
                whole_text_error("Non-UTF-8 code starting with '\\x" + hex_byte(bytes[valid]) + "' in file " +
                                 source.name_ + " on line " + std::to_string(line_at(bytes, valid)) +
                                 ", but no encoding declared; see "
                                 "https://peps.python.org/pep-0263/ for details");
        } else {
            source.error_ = whole_text_error(
                "(unicode error) 'utf-8' codec can't decode byte 0x" + hex_byte(bytes[valid]) +
                " in position " + std::to_string(valid) + ": " + std::string(utf8_fault(bytes, valid)));
        }
    }
    if (source.error_) return source;

    source.text_ = encoding == Encoding::Latin1 && !is_ascii ? with_plain_newlines(latin1_to_utf8(bytes))
                                                             : with_plain_newlines(bytes);
    source.is_ascii_ = is_ascii;
    if (!source.text_.empty() && source.text_.back() != '\n') {
        source.text_ += '\n';
        source.newline_added_ = true;
    }
    const char* begin = source.text_.data();
    const char* end = begin + source.text_.size();
    for (const char* place = begin; place < end;) {
        const void* newline = std::memchr(place, '\n', static_cast<size_t>(end - place));
        place = static_cast<const char*>(newline) + 1;
        source.line_starts_.push_back(static_cast<uint32_t>(place - begin));
    }
    return source;
}

uint32_t Source::line_of(uint32_t offset) const {
    auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
    return static_cast<uint32_t>(after - line_starts_.begin());
}

uint32_t Source::line_start(uint32_t line) const {
    if (line == 0) return 0;
    return line <= line_count() ? line_starts_[line - 1] : static_cast<uint32_t>(text_.size());
}

Source::Position Source::position(uint32_t offset) const {
    offset = std::min(offset, static_cast<uint32_t>(text_.size()));
    uint32_t line = line_of(offset);
    uint32_t start = line_start(line);
    uint32_t byte_column = offset - start;
    uint32_t column = byte_column;
    if (!is_ascii_) {
        std::string_view before = slice(start, offset);
        column = static_cast<uint32_t>(
            std::count_if(before.begin(), before.end(), [](char c) { return (c & 0xC0) != 0x80; }));
    }
    return {line, column, byte_column};
}

bool Source::has_code_behind(uint32_t offset) const {
    for (size_t at = offset; (at = text_.find_first_not_of(" \t\f\n", at)) != std::string::npos;) {
        if (text_[at] != '#') return true;
        at = text_.find('\n', at);
    }
    return false;
}

std::string_view Source::line_text(uint32_t line) const {
    if (line > line_count()) return {};
    std::string_view rest = std::string_view(text_).substr(line_start(line));
    return rest.substr(0, rest.find('\n'));
}

}  // namespace gen
