#include "vm/data/string.h"
#include "vm/data/unicode.h"

namespace gen {

namespace {

constexpr char kHex[] = "0123456789abcdef";

char quote_for(std::string_view text) {
    return text.find('\'') != std::string_view::npos && text.find('"') == std::string_view::npos ? '"' : '\'';
}

void append_escape(StringBuilder& out, char32_t c) {
    int digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
    out.append('\\');
    out.append(digits == 2 ? 'x' : digits == 4 ? 'u' : 'U');
    while (digits) out.append(kHex[c >> (4 * --digits) & 15]);
}

// Whether the byte shows itself, in a text quoted by `quote`.
bool is_plain(uint8_t c, char quote) { return c >= ' ' && c < 127 && c != '\\' && c != uint8_t(quote); }

void append_special(StringBuilder& out, uint8_t c, char quote) {
    char letter = c == '\n'                          ? 'n'
                  : c == '\r'                        ? 'r'
                  : c == '\t'                        ? 't'
                  : c == '\\' || c == uint8_t(quote) ? char(c)
                                                     : 0;
    if (!letter) return append_escape(out, c);
    out.append('\\');
    out.append(letter);
}

}  // namespace

void append_repr(StringBuilder& out, std::string_view text, bool ascii) {
    char quote = quote_for(text);
    out.append(quote);
    const char *p = text.data(), *end = p + text.size();
    while (p < end && !out.failed()) {
        const char* run = p;
        while (p < end && is_plain(uint8_t(*p), quote)) p++;
        out.append({run, size_t(p - run)});
        if (p == end) break;
        if (uint8_t(*p) < 128) {
            append_special(out, uint8_t(*p++), quote);
            continue;
        }
        run = p;
        char32_t c = decode_utf8(p);
        if (!ascii && is_printable(c))
            out.append({run, size_t(p - run)});
        else
            append_escape(out, c);
    }
    out.append(quote);
}

void append_bytes_repr(StringBuilder& out, std::string_view bytes) {
    char quote = quote_for(bytes);
    out.append('b');
    out.append(quote);
    for (size_t i = 0; i < bytes.size() && !out.failed(); i++) {
        auto c = uint8_t(bytes[i]);
        if (is_plain(c, quote))
            out.append(char(c));
        else
            append_special(out, c, quote);
    }
    out.append(quote);
}

Str* repr_str(Heap& heap, const Str* s) {
    StringBuilder out(heap);
    append_repr(out, s->view());
    return out.finish();
}

Str* ascii_repr(Heap& heap, const Str* s) {
    StringBuilder out(heap);
    append_repr(out, s->view(), true);
    return out.finish();
}

}  // namespace gen
