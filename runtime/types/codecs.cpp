#include "runtime/types/codecs.h"

#include "vm/data/unicode.h"

namespace gen {

namespace {

enum class Encoding : uint8_t {
    Unknown,
    Utf8,
    Utf8Sig,
    Ascii,
    Latin1,
    Utf16,
    Utf16Le,
    Utf16Be,
    Utf32,
    Utf32Le,
    Utf32Be,
    UnicodeEscape,
    RawUnicodeEscape
};

struct EncodingName {
    const char* name;
    Encoding encoding;
};
constexpr EncodingName kEncodings[] = {
    {"utf-8", Encoding::Utf8},
    {"utf8", Encoding::Utf8},
    {"u8", Encoding::Utf8},
    {"utf", Encoding::Utf8},
    {"cp65001", Encoding::Utf8},
    {"utf-8-sig", Encoding::Utf8Sig},
    {"ascii", Encoding::Ascii},
    {"us-ascii", Encoding::Ascii},
    {"646", Encoding::Ascii},
    {"latin-1", Encoding::Latin1},
    {"latin1", Encoding::Latin1},
    {"latin", Encoding::Latin1},
    {"l1", Encoding::Latin1},
    {"iso-8859-1", Encoding::Latin1},
    {"iso8859-1", Encoding::Latin1},
    {"8859", Encoding::Latin1},
    {"cp819", Encoding::Latin1},
    {"utf-16", Encoding::Utf16},
    {"utf16", Encoding::Utf16},
    {"u16", Encoding::Utf16},
    {"utf-16-le", Encoding::Utf16Le},
    {"utf-16le", Encoding::Utf16Le},
    {"utf-16-be", Encoding::Utf16Be},
    {"utf-16be", Encoding::Utf16Be},
    {"utf-32", Encoding::Utf32},
    {"utf32", Encoding::Utf32},
    {"u32", Encoding::Utf32},
    {"utf-32-le", Encoding::Utf32Le},
    {"utf-32le", Encoding::Utf32Le},
    {"utf-32-be", Encoding::Utf32Be},
    {"utf-32be", Encoding::Utf32Be},
    {"unicode-escape", Encoding::UnicodeEscape},
    {"raw-unicode-escape", Encoding::RawUnicodeEscape},
};

// The names that errors call them by.
const char* shown_name(Encoding e) {
    switch (e) {
        case Encoding::Ascii:
            return "ascii";
        case Encoding::Latin1:
            return "latin-1";
        case Encoding::Utf16:
            return "utf-16";
        case Encoding::Utf16Le:
            return "utf-16-le";
        case Encoding::Utf16Be:
            return "utf-16-be";
        case Encoding::Utf32:
            return "utf-32";
        case Encoding::Utf32Le:
            return "utf-32-le";
        case Encoding::Utf32Be:
            return "utf-32-be";
        case Encoding::UnicodeEscape:
            return "unicodeescape";
        case Encoding::RawUnicodeEscape:
            return "rawunicodeescape";
        default:
            return "utf-8";
    }
}

constexpr std::string_view kCommonEncoding = "utf-8";

Encoding find_encoding(std::string_view name) {
    std::string plain;
    for (char c : name) plain += c == '_' || c == ' ' ? '-' : char(c >= 'A' && c <= 'Z' ? c + 32 : c);
    for (const EncodingName& e : kEncodings)
        if (plain == e.name) return e.encoding;
    return Encoding::Unknown;
}

enum class Errors : uint8_t {
    Strict,
    Ignore,
    Replace,
    Backslash,
    SurrogateEscape,
    SurrogatePass,
    XmlCharRef,
    Name,
    Unknown
};

Errors find_errors(std::string_view name) {
    constexpr const char* kNames[] = {
        "strict",          "ignore",        "replace",           "backslashreplace",
        "surrogateescape", "surrogatepass", "xmlcharrefreplace", "namereplace"};
    for (int i = 0; i < 8; i++)
        if (name == kNames[i]) return Errors(i);
    return Errors::Unknown;
}

Outcome unknown_errors(VM& vm, std::string_view name) {
    return vm.raise(kShapeLookupError, "unknown error handler name '" + std::string(name) + "'");
}

bool is_surrogate(char32_t c) { return c >= 0xd800 && c <= 0xdfff; }

// ---- decoding

class Decoder {
  public:
    Decoder(VM& vm, std::string_view bytes, Value object, Encoding encoding, std::string_view errors)
        : vm_(vm), bytes_(bytes), object_(object), encoding_(encoding), errors_name_(errors), out_(vm.heap) {}
    Outcome run();

  private:
    uint8_t at(size_t i) const { return uint8_t(bytes_[i]); }
    bool utf8();
    bool single_bytes(unsigned limit);
    bool utf16(bool little);
    bool utf32(bool little);
    bool escapes(bool raw);
    // Deals with bytes from..to that cannot be decoded, and goes on at `next`.
    bool error(size_t from, size_t to, const char* reason, size_t& next);
    bool order(size_t unit, bool& little);
    uint32_t unit(size_t i, size_t size, bool little) const {
        uint32_t u = 0;
        for (size_t k = 0; k < size; k++) u |= uint32_t(at(i + (little ? k : size - 1 - k))) << (8 * k);
        return u;
    }

    VM& vm_;
    std::string_view bytes_;
    Value object_;
    Encoding encoding_;
    std::string_view errors_name_;
    StringBuilder out_;
    size_t start_ = 0;  // behind a byte order mark
};

bool Decoder::error(size_t from, size_t to, const char* reason, size_t& next) {
    next = to;
    Errors errors = find_errors(errors_name_);
    switch (errors) {
        case Errors::Ignore:
            return true;
        case Errors::Replace:
            out_.append_char(0xfffd);
            return true;
        case Errors::Backslash:
            for (size_t i = from; i < to; i++) {
                char text[8];
                out_.append({text, size_t(snprintf(text, sizeof text, "\\x%02x", at(i)))});
            }
            return true;
        case Errors::SurrogateEscape: {
            size_t i = from;
            while (i < to && at(i) >= 0x80) out_.append_char(0xdc00 + at(i++));
            if (i == from) break;
            next = i;
            return true;
        }
        case Errors::SurrogatePass: {
            char32_t c = 0;
            size_t size = 0;
            if (encoding_ == Encoding::Utf8 && from + 3 <= bytes_.size()) {
                size = 3;
                if ((at(from) & 0xf0) == 0xe0 && (at(from + 1) & 0xc0) == 0x80 &&
                    (at(from + 2) & 0xc0) == 0x80)
                    c = char32_t((at(from) & 0xf) << 12 | (at(from + 1) & 0x3f) << 6 | (at(from + 2) & 0x3f));
            } else if (encoding_ >= Encoding::Utf16 && encoding_ <= Encoding::Utf32Be) {
                bool wide = encoding_ == Encoding::Utf32 || encoding_ == Encoding::Utf32Le ||
                            encoding_ == Encoding::Utf32Be;
                bool big = encoding_ == Encoding::Utf16Be || encoding_ == Encoding::Utf32Be;
                size = wide ? 4 : 2;
                if (from + size <= bytes_.size()) c = unit(from, size, !big);
            }
            if (!is_surrogate(c)) break;
            out_.append_char(c);
            next = from + size;
            return true;
        }
        case Errors::XmlCharRef:
        case Errors::Name:
            vm_.type_error("don't know how to handle UnicodeDecodeError in error callback");
            return false;
        case Errors::Unknown:
            unknown_errors(vm_, errors_name_);
            return false;
        case Errors::Strict:
            break;
    }
    Value object = object_;
    if (!is_bytes(object)) {
        Bytes* copy = make_bytes(vm_.heap, bytes_);
        if (!copy) {
            vm_.out_of_memory();
            return false;
        }
        object = Value::object(copy);
    }
    vm_.raise(kShapeUnicodeDecodeError,
              {vm_.str(shown_name(encoding_)), object, Value::integer(int64_t(from)),
               Value::integer(int64_t(to)), vm_.str(reason)});
    return false;
}

bool Decoder::utf8() {
    size_t i = start_;
    while (i < bytes_.size()) {
        size_t good = valid_utf8(bytes_.substr(i));
        out_.append(bytes_.substr(i, good));
        i += good;
        if (i == bytes_.size()) break;
        // The longest part that could have begun a character is one error.
        uint8_t c = at(i);
        size_t expected = c >= 0xc2 && c < 0xe0   ? 2
                          : c >= 0xe0 && c < 0xf0 ? 3
                          : c >= 0xf0 && c < 0xf5 ? 4
                                                  : 0;
        size_t end = i + 1;
        const char* reason = "invalid start byte";
        if (expected) {
            reason = "invalid continuation byte";
            for (; end < i + expected; end++) {
                if (end == bytes_.size()) {
                    reason = "unexpected end of data";
                    break;
                }
                uint8_t next = at(end);
                bool fits = (next & 0xc0) == 0x80;
                if (end == i + 1 && fits)
                    fits = !(c == 0xe0 && next < 0xa0) && !(c == 0xed && next >= 0xa0) &&
                           !(c == 0xf0 && next < 0x90) && !(c == 0xf4 && next >= 0x90);
                if (!fits) break;
            }
        }
        if (!error(i, end, reason, i)) return false;
    }
    return true;
}

bool Decoder::single_bytes(unsigned limit) {
    for (size_t i = 0; i < bytes_.size();) {
        if (at(i) < limit) {
            out_.append_char(at(i++));
            continue;
        }
        if (!error(i, i + 1, "ordinal not in range(128)", i)) return false;
    }
    return true;
}

// Looks for a byte order mark; without one: little-endian.
bool Decoder::order(size_t size, bool& little) {
    uint32_t mark = bytes_.size() < size ? 0 : unit(0, size, true);
    little = mark != (size == 2 ? 0xfffe : 0xfffe0000u);
    if (mark == 0xfeff || !little) start_ = size;
    if (size == 2)
        encoding_ = little ? Encoding::Utf16Le : Encoding::Utf16Be;  // as errors call it
    else
        encoding_ = little ? Encoding::Utf32Le : Encoding::Utf32Be;
    return true;
}

bool Decoder::utf16(bool little) {
    for (size_t i = start_; i < bytes_.size();) {
        if (i + 2 > bytes_.size()) {
            if (!error(i, bytes_.size(), "truncated data", i)) return false;
            continue;
        }
        uint32_t u = unit(i, 2, little);
        if (!is_surrogate(u)) {
            out_.append_char(u);
            i += 2;
            continue;
        }
        if (u >= 0xdc00) {
            if (!error(i, i + 2, "illegal encoding", i)) return false;
            continue;
        }
        if (i + 4 > bytes_.size()) {
            if (!error(i, bytes_.size(), "unexpected end of data", i)) return false;
            continue;
        }
        uint32_t second = unit(i + 2, 2, little);
        if (second < 0xdc00 || second > 0xdfff) {
            if (!error(i, i + 2, "illegal UTF-16 surrogate", i)) return false;
            continue;
        }
        out_.append_char(0x10000 + ((u - 0xd800) << 10) + (second - 0xdc00));
        i += 4;
    }
    return true;
}

bool Decoder::utf32(bool little) {
    for (size_t i = start_; i < bytes_.size();) {
        if (i + 4 > bytes_.size()) {
            if (!error(i, bytes_.size(), "truncated data", i)) return false;
            continue;
        }
        uint32_t u = unit(i, 4, little);
        if (is_surrogate(u)) {
            if (!error(i, i + 4, "code point in surrogate code point range(0xd800, 0xe000)", i)) return false;
        } else if (u > 0x10ffff) {
            if (!error(i, i + 4, "code point not in range(0x110000)", i)) return false;
        } else {
            out_.append_char(u);
            i += 4;
        }
    }
    return true;
}

bool Decoder::escapes(bool raw) {
    for (size_t i = 0; i < bytes_.size();) {
        if (at(i) != '\\') {
            out_.append_char(at(i++));
            continue;
        }
        size_t from = i++;
        if (i == bytes_.size()) {
            if (raw) {
                out_.append('\\');
                continue;
            }
            if (!error(from, i, "\\ at end of string", i)) return false;
            continue;
        }
        char c = bytes_[i++];
        if (raw && c != 'u' && c != 'U') {
            out_.append('\\');
            out_.append_char(uint8_t(c));
            continue;
        }
        size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
        if (digits) {
            uint32_t code = 0;
            size_t k = 0;
            for (; k < digits && i + k < bytes_.size() && isxdigit(at(i + k)); k++) {
                int d = at(i + k);
                code = code * 16 + uint32_t(isdigit(d) ? d - '0' : (d | 32) - 'a' + 10);
            }
            if (k < digits || code > 0x10ffff) {
                std::string reason = k == digits
                                         ? raw ? "\\Uxxxxxxxx out of range" : "illegal Unicode character"
                                     : digits == 2 ? "truncated \\xXX escape"
                                     : digits == 4 ? "truncated \\uXXXX escape"
                                                   : "truncated \\UXXXXXXXX escape";
                if (!error(from, i + k, reason.c_str(), i)) return false;
                continue;
            }
            out_.append_char(code);
            i += digits;
            continue;
        }
        switch (c) {
            case '\n':
                break;
            case '\\':
            case '\'':
            case '"':
                out_.append(c);
                break;
            case 'a':
                out_.append('\a');
                break;
            case 'b':
                out_.append('\b');
                break;
            case 'f':
                out_.append('\f');
                break;
            case 'n':
                out_.append('\n');
                break;
            case 'r':
                out_.append('\r');
                break;
            case 't':
                out_.append('\t');
                break;
            case 'v':
                out_.append('\v');
                break;
            case '0':
            case '1':
            case '2':
            case '3':
            case '4':
            case '5':
            case '6':
            case '7': {
                uint32_t code = uint32_t(c - '0');
                for (int k = 0; k < 2 && i < bytes_.size() && at(i) >= '0' && at(i) <= '7'; k++)
                    code = code * 8 + uint32_t(at(i++) - '0');
                out_.append_char(code);
                break;
            }
            default:
                out_.append('\\');
                out_.append_char(uint8_t(c));
        }
    }
    return true;
}

Outcome Decoder::run() {
    bool ok = false, little = true;
    switch (encoding_) {
        case Encoding::Utf8Sig:
            if (bytes_.starts_with("\xef\xbb\xbf")) start_ = 3;
            [[fallthrough]];
        case Encoding::Utf8:
            ok = utf8();
            break;
        case Encoding::Ascii:
            ok = single_bytes(128);
            break;
        case Encoding::Latin1:
            ok = single_bytes(256);
            break;
        case Encoding::Utf16:
            ok = order(2, little) && utf16(little);
            break;
        case Encoding::Utf16Le:
            ok = utf16(true);
            break;
        case Encoding::Utf16Be:
            ok = utf16(false);
            break;
        case Encoding::Utf32:
            ok = order(4, little) && utf32(little);
            break;
        case Encoding::Utf32Le:
            ok = utf32(true);
            break;
        case Encoding::Utf32Be:
            ok = utf32(false);
            break;
        case Encoding::UnicodeEscape:
            ok = escapes(false);
            break;
        case Encoding::RawUnicodeEscape:
            ok = escapes(true);
            break;
        case Encoding::Unknown:
            break;
    }
    if (!ok) return Outcome::raised();
    Str* s = out_.finish();
    return s ? Outcome(Value::object(s)) : vm_.out_of_memory();
}

// ---- encoding

class Encoder {
  public:
    Encoder(VM& vm, Str* text, Encoding encoding, std::string_view errors)
        : vm_(vm), text_(text), encoding_(encoding), errors_name_(errors), out_(vm.heap) {}
    Outcome run();

  private:
    bool possible(char32_t c) const {
        if (encoding_ == Encoding::Ascii) return c < 128;
        if (encoding_ == Encoding::Latin1) return c < 256;
        return !is_surrogate(c);
    }
    const char* reason() const {
        return encoding_ == Encoding::Ascii    ? "ordinal not in range(128)"
               : encoding_ == Encoding::Latin1 ? "ordinal not in range(256)"
                                               : "surrogates not allowed";
    }
    void put_unit(uint32_t u, size_t size, bool little) {
        for (size_t k = 0; k < size; k++) out_.append(char(u >> (8 * (little ? k : size - 1 - k))));
    }
    void put(char32_t c);
    bool error(const char* from, const char* to, size_t index, size_t count);
    void escape(char32_t c, bool raw);
    void put_text(std::string_view ascii) {
        for (char c : ascii) put(char32_t(c));
    }

    VM& vm_;
    Str* text_;
    Encoding encoding_;
    std::string_view errors_name_;
    StringBuilder out_;
};

void Encoder::put(char32_t c) {
    switch (encoding_) {
        case Encoding::Ascii:
        case Encoding::Latin1:
            out_.append(char(c));
            break;
        case Encoding::Utf16:
        case Encoding::Utf16Le:
        case Encoding::Utf16Be: {
            bool little = encoding_ != Encoding::Utf16Be;
            if (c < 0x10000) {
                put_unit(c, 2, little);
                break;
            }
            put_unit(0xd800 + ((c - 0x10000) >> 10), 2, little);
            put_unit(0xdc00 + ((c - 0x10000) & 0x3ff), 2, little);
            break;
        }
        case Encoding::Utf32:
        case Encoding::Utf32Le:
        case Encoding::Utf32Be:
            put_unit(c, 4, encoding_ != Encoding::Utf32Be);
            break;
        default:
            out_.append_char(c);
    }
}

// Characters from..to cannot be encoded.
bool Encoder::error(const char* from, const char* to, size_t index, size_t count) {
    char text[16];
    switch (find_errors(errors_name_)) {
        case Errors::Ignore:
            return true;
        case Errors::Replace:
            for (size_t i = 0; i < count; i++) put('?');
            return true;
        case Errors::XmlCharRef:
            while (from < to)
                put_text({text, size_t(snprintf(text, sizeof text, "&#%u;", unsigned(decode_utf8(from))))});
            return true;
        case Errors::Name:
        case Errors::Backslash:
            while (from < to) {
                auto c = unsigned(decode_utf8(from));
                put_text({text, size_t(snprintf(text, sizeof text,
                                                c < 0x100     ? "\\x%02x"
                                                : c < 0x10000 ? "\\u%04x"
                                                              : "\\U%08x",
                                                c))});
            }
            return true;
        case Errors::SurrogateEscape: {
            bool all = true;
            for (const char* p = from; p < to;) {
                char32_t c = decode_utf8(p);
                all = all && c >= 0xdc80 && c <= 0xdcff;
            }
            if (!all) break;
            while (from < to) out_.append(char(decode_utf8(from) - 0xdc00));
            return true;
        }
        case Errors::SurrogatePass:
            if (encoding_ == Encoding::Ascii || encoding_ == Encoding::Latin1) break;
            while (from < to) put(decode_utf8(from));
            return true;
        case Errors::Unknown:
            unknown_errors(vm_, errors_name_);
            return false;
        case Errors::Strict:
            break;
    }
    vm_.raise(kShapeUnicodeEncodeError,
              {vm_.str(shown_name(encoding_)), Value::object(text_), Value::integer(int64_t(index)),
               Value::integer(int64_t(index + count)), vm_.str(reason())});
    return false;
}

void Encoder::escape(char32_t c, bool raw) {
    char text[16];
    const char* format = c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x";
    bool plain = raw ? c < 0x100 : c >= 32 && c < 127 && c != '\\';
    if (plain) {
        out_.append(char(c));
        return;
    }
    if (!raw) switch (c) {
            case '\\':
                out_.append("\\\\");
                return;
            case '\n':
                out_.append("\\n");
                return;
            case '\r':
                out_.append("\\r");
                return;
            case '\t':
                out_.append("\\t");
                return;
            default:
                break;
        }
    out_.append({text, size_t(snprintf(text, sizeof text, format, unsigned(c)))});
}

Outcome Encoder::run() {
    bool escapes = encoding_ == Encoding::UnicodeEscape || encoding_ == Encoding::RawUnicodeEscape;
    bool plain = (text_->ascii() && (encoding_ == Encoding::Ascii || encoding_ == Encoding::Latin1)) ||
                 ((encoding_ == Encoding::Utf8 || encoding_ == Encoding::Utf8Sig) &&
                  !(text_->state & Str::kHasSurrogates));
    if (encoding_ == Encoding::Utf8Sig) out_.append("\xef\xbb\xbf");
    if (encoding_ == Encoding::Utf16 || encoding_ == Encoding::Utf32)
        put_unit(0xfeff, encoding_ == Encoding::Utf16 ? 2 : 4, true);
    const char *p = text_->data(), *end = p + text_->size;
    if (plain) out_.append(text_->view());
    for (size_t index = 0; !plain && p < end;) {
        const char* from = p;
        char32_t c = decode_utf8(p);
        if (escapes) {
            escape(c, encoding_ == Encoding::RawUnicodeEscape);
            index++;
            continue;
        }
        if (possible(c)) {
            put(c);
            index++;
            continue;
        }
        size_t count = 1;
        bool one_by_one = encoding_ >= Encoding::Utf16 && encoding_ <= Encoding::Utf32Be;
        for (const char* next = p; next < end && !one_by_one; count++) {
            if (possible(decode_utf8(next))) break;
            p = next;
        }
        if (!error(from, p, index, count)) return Outcome::raised();
        index += count;
    }
    if (out_.failed()) return vm_.out_of_memory();
    Bytes* b = make_bytes(vm_.heap, out_.view());
    return b ? Outcome(Value::object(b)) : vm_.out_of_memory();
}

Outcome unknown_encoding(VM& vm, std::string_view name) {
    return vm.raise(kShapeLookupError, "unknown encoding: " + std::string(name));
}

}  // namespace

Outcome decode_text(VM& vm, std::string_view bytes, Value object, std::string_view encoding,
                    std::string_view errors) {
    if (encoding == kCommonEncoding && is_ascii(bytes)) {
        charge(vm, bytes.size() / 64);
        Str* s = bytes.empty() ? vm.empty_string : make_ascii_str(vm.heap, bytes);
        return s ? Outcome(Value::object(s)) : vm.no_room();
    }
    Encoding e = find_encoding(encoding);
    if (e == Encoding::Unknown) return unknown_encoding(vm, encoding);
    return Decoder(vm, bytes, object, e, errors).run();
}

Outcome encode_text(VM& vm, Str* text, std::string_view encoding, std::string_view errors) {
    if (encoding == kCommonEncoding && text->ascii()) {
        charge(vm, text->size / 64);
        Bytes* b = make_bytes(vm.heap, text->view());
        return b ? Outcome(Value::object(b)) : vm.no_room();
    }
    Encoding e = find_encoding(encoding);
    if (e == Encoding::Unknown) return unknown_encoding(vm, encoding);
    return Encoder(vm, text, e, errors).run();
}

bool get_codec_names(VM& vm, const char* function, Value encoding, Value errors,
                     std::string_view& encoding_out, std::string_view& errors_out) {
    encoding_out = "utf-8";
    errors_out = "strict";
    for (auto [v, out, what] :
         {std::tuple{encoding, &encoding_out, "encoding"}, std::tuple{errors, &errors_out, "errors"}}) {
        if (v.is_unbound()) continue;
        if (!is_str(v)) {
            vm.type_error("%s() argument '%s' must be str, not %s", function, what,
                          v.is_none() ? "None" : vm.type_name(v));
            return false;
        }
        if (v.as<Str>()->view().find('\0') != std::string_view::npos) {
            vm.raise(kShapeValueError, "embedded null character");
            return false;
        }
        *out = v.as<Str>()->view();
    }
    return true;
}

}  // namespace gen
