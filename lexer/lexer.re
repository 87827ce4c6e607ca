// The scanner proper: one token per call, and nothing about layout but newlines. re2c turns this file into
// lexer.gen.cpp, which is committed: after a change, run `./dev check`.
//
// The text ends in NUL and contains no other, so that no rule needs to look for the end.

#include "lexer/lexer.h"
#include "lexer/scan.h"

namespace gen {

// clang-format off

/*!re2c
    re2c:define:YYCTYPE  = "unsigned char";
    re2c:define:YYCURSOR = cursor;
    re2c:define:YYMARKER = marker;
    re2c:yyfill:enable   = 0;
    re2c:indent:string   = "    ";

    end        = "\x00";
    wide       = [\x80-\xff];
    name       = [A-Za-z_][A-Za-z0-9_]*;
    wide_name  = ([A-Za-z_] | wide) ([A-Za-z0-9_] | wide)*;

    digits     = [0-9] ("_"? [0-9])*;
    zero       = "0" ("_"? "0")*;
    decimal    = [1-9] ("_"? [0-9])*;
    hex        = "0" [xX] ("_"? [0-9a-fA-F])+;
    octal      = "0" [oO] ("_"? [0-7])+;
    binary     = "0" [bB] ("_"? [01])+;
    exponent   = [eE] [+-]? digits;
    float      = digits exponent | digits "." digits? exponent? | "." digits exponent?;
    imaginary  = (digits | float) [jJ];
    number     = zero | decimal | hex | octal | binary | float | imaginary;

    prefix     = [rRbBuU] | [rR] [bB] | [bB] [rR];
    f_prefix   = [fF] | [fF] [rR] | [rR] [fF];
    quote      = ["'] | ["]{3} | [']{3};
    escape     = "\\" [^\n\x00];
    one_line   = ['] ([^'\\\n\x00] | escape)* ['] | ["] ([^"\\\n\x00] | escape)* ["];
*/

Token Lexer::scan() {
    const char* cursor = cursor_;
    const char* marker;
    for (;;) {
        const char* start = cursor;
        auto as = [&](Tok kind) { return token(kind, start, cursor); };
        /*!re2c
            [ \t\f]+        { continue; }
            "\n"            { if (bracket_count_ == 0) return newline(start, cursor);
                              ++line_;
                              continue; }
            "#" [^\n\x00]*  { if (bracket_count_ == 0) return newline(start, cursor + 1);
                              continue; }
            "\\\n"          { if (cursor == limit_) return continue_line(cursor);
                              ++line_;
                              continue; }
            "\\"            { return weak_fail(Diagnostic::Kind::SyntaxError,
                                               "unexpected character after line continuation character", cursor); }

            prefix? one_line  { return token(is_bytes(start) ? Tok::Bytes : Tok::String, start, cursor,
                                             string_flags(start)); }
            prefix? quote     { return scan_string(start); }
            f_prefix quote    { return scan_fstring_start(start); }

            number          { if (continues_number(*cursor)) return scan_odd_number(start);
                              return as(Tok::Number); }

            "and"           { return as(Tok::KwAnd); }
            "as"            { return as(Tok::KwAs); }
            "assert"        { return as(Tok::KwAssert); }
            "async"         { return as(Tok::KwAsync); }
            "await"         { return as(Tok::KwAwait); }
            "break"         { return as(Tok::KwBreak); }
            "class"         { return as(Tok::KwClass); }
            "continue"      { return as(Tok::KwContinue); }
            "def"           { return as(Tok::KwDef); }
            "del"           { return as(Tok::KwDel); }
            "elif"          { return as(Tok::KwElif); }
            "else"          { return as(Tok::KwElse); }
            "except"        { return as(Tok::KwExcept); }
            "False"         { return as(Tok::KwFalse); }
            "finally"       { return as(Tok::KwFinally); }
            "for"           { return as(Tok::KwFor); }
            "from"          { return as(Tok::KwFrom); }
            "global"        { return as(Tok::KwGlobal); }
            "if"            { return as(Tok::KwIf); }
            "import"        { return as(Tok::KwImport); }
            "in"            { return as(Tok::KwIn); }
            "is"            { return as(Tok::KwIs); }
            "lambda"        { return as(Tok::KwLambda); }
            "None"          { return as(Tok::KwNone); }
            "nonlocal"      { return as(Tok::KwNonlocal); }
            "not"           { return as(Tok::KwNot); }
            "or"            { return as(Tok::KwOr); }
            "pass"          { return as(Tok::KwPass); }
            "raise"         { return as(Tok::KwRaise); }
            "return"        { return as(Tok::KwReturn); }
            "True"          { return as(Tok::KwTrue); }
            "try"           { return as(Tok::KwTry); }
            "while"         { return as(Tok::KwWhile); }
            "with"          { return as(Tok::KwWith); }
            "yield"         { return as(Tok::KwYield); }
            name            { return as(Tok::Name); }
            wide_name       { return scan_wide_name(start); }

            "("             { return open(Tok::LParen, start); }
            "["             { return open(Tok::LBracket, start); }
            "{"             { return open(Tok::LBrace, start); }
            ")"             { return close(Tok::RParen, start); }
            "]"             { return close(Tok::RBracket, start); }
            "}"             { return close(Tok::RBrace, start); }
            ":"             { if (in_field()) brackets_[bracket_count_ - 1].in_spec = true;
                              return as(Tok::Colon); }
            ":="            { if (!in_field()) return as(Tok::ColonAssign);
                              brackets_[bracket_count_ - 1].in_spec = true;
                              return token(Tok::Colon, start, start + 1); }
            "!"             { return as(Tok::Exclamation); }
            "%"             { return as(Tok::Percent); }
            "&"             { return as(Tok::Ampersand); }
            "*"             { return as(Tok::Star); }
            "+"             { return as(Tok::Plus); }
            ","             { return as(Tok::Comma); }
            "-"             { return as(Tok::Minus); }
            "."             { return as(Tok::Dot); }
            "/"             { return as(Tok::Slash); }
            ";"             { return as(Tok::Semicolon); }
            "<"             { return as(Tok::Less); }
            "="             { return as(Tok::Assign); }
            ">"             { return as(Tok::Greater); }
            "@"             { return as(Tok::At); }
            "^"             { return as(Tok::Caret); }
            "|"             { return as(Tok::Pipe); }
            "~"             { return as(Tok::Tilde); }
            "!="            { return as(Tok::NotEqual); }
            "%="            { return as(Tok::PercentAssign); }
            "&="            { return as(Tok::AmpersandAssign); }
            "**"            { return as(Tok::DoubleStar); }
            "*="            { return as(Tok::StarAssign); }
            "+="            { return as(Tok::PlusAssign); }
            "-="            { return as(Tok::MinusAssign); }
            "->"            { return as(Tok::Arrow); }
            "//"            { return as(Tok::DoubleSlash); }
            "/="            { return as(Tok::SlashAssign); }
            "<<"            { return as(Tok::ShiftLeft); }
            "<="            { return as(Tok::LessEqual); }
            "=="            { return as(Tok::Equal); }
            ">="            { return as(Tok::GreaterEqual); }
            ">>"            { return as(Tok::ShiftRight); }
            "@="            { return as(Tok::AtAssign); }
            "^="            { return as(Tok::CaretAssign); }
            "|="            { return as(Tok::PipeAssign); }
            "**="           { return as(Tok::DoubleStarAssign); }
            "..."           { return as(Tok::Ellipsis); }
            "//="           { return as(Tok::DoubleSlashAssign); }
            "<<="           { return as(Tok::ShiftLeftAssign); }
            ">>="           { return as(Tok::ShiftRightAssign); }

            "<>" | [$?`]    { return as(Tok::Unknown); }
            end             { return at_end(); }
            *               { return invalid_character(start); }
        */
    }
}

// clang-format on

}  // namespace gen
