#include "lexer/token.h"

#include <string>

#include "lexer/lexer.h"

namespace gen {

std::string_view token_name(Tok kind) {
    static constexpr std::string_view kTokenNames[] = {
#define TOKEN(name, text) text,
#define OPERATOR(name, spelling) spelling,
#define KEYWORD(name, spelling) spelling,
#include "lexer/token.def"
    };
    return kTokenNames[static_cast<size_t>(kind)];
}

namespace {

void append_quoted(std::string& out, std::string_view text) {
    constexpr char kDigits[] = "0123456789abcdef";
    out += '"';
    for (char c : text) {
        auto byte = static_cast<unsigned char>(c);
        if (c == '\n') {
            out += "\\n";
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (byte < 0x20 || byte == 0x7F) {
            out += "\\x";
            out += kDigits[byte >> 4];
            out += kDigits[byte & 15];
        } else {
            out += c;
        }
    }
    out += '"';
}

// Positions of growing offsets, found by walking on from the last one.
class Walker {
  public:
    explicit Walker(const std::string& text) : text_(text) {}

    std::string at(uint32_t offset) {
        for (; offset_ < offset; ++offset_) {
            if (text_[offset_] == '\n') {
                ++line_;
                column_ = 0;
            } else if ((text_[offset_] & 0xC0) != 0x80) {
                ++column_;
            }
        }
        return std::to_string(line_) + ":" + std::to_string(column_);
    }

  private:
    const std::string& text_;
    uint32_t offset_ = 0;
    uint32_t line_ = 1;
    uint32_t column_ = 0;
};

}  // namespace

std::string dump_tokens(const Source& source) {
    Lexer lexer(source);
    Walker walker(source.text());
    std::string out;
    for (;;) {
        Token token = lexer.next();
        if (token.kind == Tok::Error) return out + format_diagnostic(lexer.error(), source.name());
        out += walker.at(token.start);
        out += "-";
        out += walker.at(token.end);
        out += " ";
        out += is_keyword(token.kind) ? "KEYWORD" : is_operator(token.kind) ? "OP" : token_name(token.kind);
        if (token.start < token.end) {
            out += " ";
            append_quoted(out, source.slice(token.start, token.end));
        }
        out += "\n";
        if (token.kind == Tok::EndMarker) return out;
    }
}

}  // namespace gen
