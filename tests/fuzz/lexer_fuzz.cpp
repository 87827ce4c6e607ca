// Any bytes make tokens or an error: tokens in order and inside the text, literals that decode or say why
// not, an end.

#include "lexer/lexer.h"
#include "lexer/literals.h"
#include "tests/fuzz/mutate.h"

using namespace gen;

namespace {

void require(bool condition, const char* what) {
    if (condition) return;
    std::cerr << "broken: " << what << std::endl;
    std::abort();
}

void decode(const Source& source, const Token& token) {
    std::string value;
    NumberValue number;
    std::vector<Diagnostic> warnings;
    switch (token.kind) {
        case Tok::String:
        case Tok::Bytes:
        case Tok::FStringMiddle:
            (void)decode_string(source, token, value, &warnings);
            break;
        case Tok::Number:
            (void)decode_number(source, token, number);
            break;
        case Tok::Name:
            require(!name_text(source, token, value).empty(), "an empty name");
            break;
        default:
            break;
    }
}

void test(const std::string& text) {
    Source source = Source::from_bytes("fuzz.gen", text);
    Lexer lexer(source);
    uint32_t last = 0;
    int64_t depth = 0;
    uint64_t count = 0;
    for (;;) {
        Token token = lexer.next();
        require(++count <= 3 * source.text().size() + 8, "an end");
        if (token.kind == Tok::Error) {
            require(!lexer.error().message.empty(), "an error says something");
            (void)format_diagnostic(lexer.error(), source.name());
            require(lexer.next().kind == Tok::Error, "errors stay");
            break;
        }
        require(token.start >= last && token.start <= token.end, "tokens in order");
        require(token.end <= source.text().size(), "tokens inside the text");
        require(source.line_of(token.start) == token.line, "a token's line");
        last = token.end;
        depth += token.kind == Tok::Indent ? 1 : token.kind == Tok::Dedent ? -1 : 0;
        require(depth >= 0, "blocks nest");
        decode(source, token);
        if (token.kind == Tok::EndMarker) {
            require(depth == 0, "blocks end");
            break;
        }
    }
    Lexer again(source);
    (void)again.error_in_rest(1);
    (void)dump_tokens(source);
}

}  // namespace

int main(int argc, char** argv) { return fuzz::run(argc, argv, test); }
