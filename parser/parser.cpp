#include "parser/parser_impl.h"

namespace gen {

// ---- tokens ----------------------------------------------------------------------------------------------

void Parser::fetch() {
    Token next = lexer_.next();
    if (next.kind == Tok::Error && !error_) {
        error_ = lexer_.error();
        error_from_lexer_ = true;
    }
    switch (next.kind) {
        case Tok::LParen:
        case Tok::LBracket:
        case Tok::LBrace:
            level_++;
            break;
        case Tok::RParen:
        case Tok::RBracket:
        case Tok::RBrace:
            level_ -= level_ > 0;
            break;
        default:
            break;
    }
    if (next.line != line_) {
        line_ = next.line;
        line_start_ = source_.line_start(line_);
    }
    Lexeme lexeme{next.kind,
                  next.flags,
                  static_cast<uint16_t>(level_),
                  next.start,
                  next.end,
                  line_,
                  next.start - line_start_,
                  line_,
                  next.end - line_start_};
    // Of the tokens that can end a node, only strings span lines.
    if (next.kind == Tok::String || next.kind == Tok::Bytes) {
        lexeme.end_line = source_.line_of(next.end);
        lexeme.end_column = next.end - source_.line_start(lexeme.end_line);
    }
    tokens_.push_back(lexeme);
}

const Identifier* Parser::identifier_at(uint32_t index) {
    const Lexeme& lexeme = tokens_[index];
    if (!(lexeme.flags & Token::kNonAscii)) return arena_.intern(text_at(index));
    Token token{lexeme.kind, lexeme.flags, lexeme.start, lexeme.end, lexeme.line};
    return arena_.intern(name_text(source_, token, buffer_));
}

const Identifier* Parser::identifier() {
    if (!at(Tok::Name)) return nullptr;
    return identifier_at(pos_++);
}

bool Parser::starts_expression(Tok kind) const {
    switch (kind) {
        case Tok::Name:
        case Tok::Number:
        case Tok::String:
        case Tok::Bytes:
        case Tok::FStringStart:
        case Tok::LParen:
        case Tok::LBracket:
        case Tok::LBrace:
        case Tok::Minus:
        case Tok::Plus:
        case Tok::Tilde:
        case Tok::Ellipsis:
        case Tok::KwNot:
        case Tok::KwLambda:
        case Tok::KwAwait:
        case Tok::KwNone:
        case Tok::KwTrue:
        case Tok::KwFalse:
            return true;
        default:
            return false;
    }
}

Span Parser::span_of_statement(uint32_t start) const {
    uint32_t last = pos_;
    do {
        last--;
    } while (last > start && tokens_[last].kind >= Tok::Newline && tokens_[last].kind <= Tok::Dedent);
    const Lexeme& first_token = tokens_[start];
    const Lexeme& last_token = tokens_[last];
    return {first_token.line, first_token.column, last_token.end_line, last_token.end_column};
}

// ---- errors ----------------------------------------------------------------------------------------------

Parser::Failure Parser::raise(uint32_t start, uint32_t end, std::string_view message, Diagnostic::Kind kind) {
    if (!error_) {
        const bool needs_prefix = fstring_depth_ > 0 && !message.starts_with("f-string");
        error_ = make_diagnostic(source_, kind, start, end,
                                 (needs_prefix ? "f-string: " : "") + std::string(message));
    }
    return {};
}

Parser::Failure Parser::raise_at(const Node* node, std::string_view message) {
    return raise_range(node, node, message);
}

Parser::Failure Parser::raise_range(const Node* first, const Node* last, std::string_view message) {
    return raise(offset_of_start(first->span), offset_of_end(last->span), message);
}

Parser::Failure Parser::raise_token(uint32_t index, std::string_view message) {
    return raise_tokens(index, index, message);
}

Parser::Failure Parser::raise_tokens(uint32_t first, uint32_t last, std::string_view message) {
    return raise(tokens_[first].start, tokens_[last].end, message);
}

// At the token looked at last. Layout tokens have no text: CPython reports the column where its scanner
// stands.
Parser::Failure Parser::raise_at_last_token(std::string_view message, Diagnostic::Kind kind) {
    return raise_at_lexeme(tokens_[tokens_.size() - 1], message, kind);
}

Parser::Failure Parser::raise_at_lexeme(const Lexeme& last, std::string_view message, Diagnostic::Kind kind) {
    if (error_) return {};
    const uint32_t size = static_cast<uint32_t>(source_.text().size());
    const bool is_layout = last.kind == Tok::Indent || last.kind == Tok::Dedent;
    if (last.kind == Tok::EndMarker || (is_layout && last.start >= size)) {
        const uint32_t last_newline = size > 0 ? size - 1 : 0;
        return raise(last_newline, last_newline, message, kind);
    }
    raise(last.start, last.end, message, kind);  // of a newline: the comment before it
    if (is_layout) {
        error_->column = error_->end_column - 1;
        error_->end_column = 0;
    }
    return {};
}

Parser::Failure Parser::raise_to_here(const Node* first, std::string_view message) {
    const Lexeme& last = tokens_[tokens_.size() - 1];
    return raise(offset_of_start(first->span), last.end - 1, message);
}

bool Parser::raise_too_deep() {
    raise_at_last_token("too many nested expressions or blocks");
    return true;
}

void Parser::warn(uint32_t start, uint32_t end, std::string_view message) {
    if (diagnosing_) return;  // the first pass has said it
    result_.warnings.push_back(
        make_diagnostic(source_, Diagnostic::Kind::SyntaxWarning, start, end, std::string(message)));
}

bool Parser::raise_generic(uint32_t furthest) {
    Lexeme last = tokens_[furthest];
    fstring_depth_ = 0;
    if (last.kind == Tok::FStringStart) {  // the whole of it is one token to CPython
        for (uint32_t i = furthest + 1, open = 1; open > 0 && !error_; i++) {
            if (i == tokens_.size()) fetch();
            open += tokens_[i].kind == Tok::FStringStart;
            open -= tokens_[i].kind == Tok::FStringEnd;
            last.end = tokens_[i].end;
        }
    }
    if (last.kind == Tok::Indent || last.kind == Tok::Dedent) {
        raise_at_lexeme(last, last.kind == Tok::Indent ? "unexpected indent" : "unexpected unindent",
                        Diagnostic::Kind::IndentationError);
        return false;
    }
    bool in_field = false;
    for (uint32_t i = furthest; i-- > 0 && tokens_[i].kind != Tok::FStringEnd;) {
        if (tokens_[i].kind == Tok::FStringStart) in_field = true;
    }
    raise_at_lexeme(last, in_field ? "f-string: invalid syntax" : "invalid syntax",
                    Diagnostic::Kind::SyntaxError);
    if (last.kind == Tok::EndMarker) error_->column = error_->end_column = 0;
    return true;
}

// What the rest of the text says about the error: a bracket that was never closed explains it better.
void Parser::check_rest() {
    if (!error_ || error_from_lexer_ || error_is_final_) return;
    if (auto better = lexer_.error_in_rest(tokens_[tokens_.size() - 1].line)) {
        bool incomplete = error_->incomplete;
        error_ = std::move(*better);
        error_->incomplete |= incomplete;
    }
}

// ---- modules ---------------------------------------------------------------------------------------------

// Runs a rule over one top-level statement; if it fails, runs it again to find out why.
bool Parser::with_diagnosis(bool (Parser::*rule)(Items<StmtNode>&), Items<StmtNode>& body) {
    // Tokens of earlier statements are needed no more; the one looked at already moves to the front.
    uint32_t ahead = tokens_.size() - pos_;
    for (uint32_t i = 0; i < ahead; i++) tokens_[i] = tokens_[pos_ + i];
    tokens_.truncate(ahead);
    pos_ = 0;

    bool future_allowed = future_allowed_;
    uint32_t scratch = scratch_.size();
    if ((this->*rule)(body)) return true;
    if (!error_) {
        uint32_t furthest = tokens_.size() - 1;
        scratch_.truncate(scratch);
        pending_.clear();
        pos_ = 0;
        fstring_depth_ = 0;
        future_allowed_ = future_allowed;
        diagnosing_ = second_pass_ = true;
        (this->*rule)(body);
        if (!error_ && !raise_generic(furthest)) return false;
    }
    check_rest();
    return false;
}

ModNode* Parser::module_file() {
    Items<StmtNode> body(*this);
    while (!at(Tok::EndMarker)) {
        if (!with_diagnosis(&Parser::statement, body)) return nullptr;
        if (future_allowed_) {
            const StmtNode* last = body.back();
            const auto* import = as_if<ImportFrom>(last);
            const auto* text = as_if<Expr>(last);
            const auto* docstring = text ? as_if<Constant>(text->value) : nullptr;
            bool is_docstring = body.size() == 1 && docstring && docstring->value.kind == LiteralKind::Str;
            future_allowed_ = is_docstring || (import && import->module && import->level == 0 &&
                                               import->module->text == "__future__");
        }
    }
    auto* module = arena_.make<Module>();
    module->kind = NodeKind::Module;
    module->body = body.take();
    return module;
}

bool Parser::eval_input(Items<StmtNode>& body) {
    uint32_t start = pos_;
    ExprNode* first = expression();
    if (!first) return false;
    if (at(Tok::Comma)) {
        Items<ExprNode> elements(*this);
        elements.push(first);
        while (accept(Tok::Comma)) {
            if (!starts_expression(kind())) break;
            ExprNode* element = expression();
            if (!element) return false;
            elements.push(element);
        }
        auto* tuple = make<Tuple>(start);
        tuple->elts = elements.take();
        first = above(tuple, height(tuple->elts));
        if (!first) return false;
    }
    while (accept(Tok::Newline)) {
    }
    if (!at(Tok::EndMarker)) return false;
    auto* statement = arena_.make<Expr>();
    statement->kind = NodeKind::Expr;
    statement->value = first;
    body.push(statement);
    return true;
}

ModNode* Parser::module_eval() {
    Items<StmtNode> body(*this);
    if (!with_diagnosis(&Parser::eval_input, body)) return nullptr;
    auto* module = arena_.make<Expression>();
    module->kind = NodeKind::Expression;
    module->body = as<Expr>(body[0])->value;
    return module;
}

static bool is_compound(const StmtNode* node) {
    switch (node->kind) {
        case NodeKind::FunctionDef:
        case NodeKind::AsyncFunctionDef:
        case NodeKind::ClassDef:
        case NodeKind::For:
        case NodeKind::AsyncFor:
        case NodeKind::While:
        case NodeKind::If:
        case NodeKind::With:
        case NodeKind::AsyncWith:
        case NodeKind::Match:
        case NodeKind::Try:
        case NodeKind::TryStar:
            return true;
        default:
            return false;
    }
}

bool Parser::interactive_input(Items<StmtNode>& body) {
    if (!statement(body)) return false;
    const Lexeme& last = tokens_[pos_ - 1];
    if (!is_compound(body.back()) && last.kind == Tok::Newline && source_.has_code_behind(last.end)) {
        error_is_final_ = true;
        return raise_token(pos_ - 1, "multiple statements found while compiling a single statement");
    }
    return at(Tok::EndMarker);
}

ModNode* Parser::module_interactive() {
    Items<StmtNode> body(*this);
    while (accept(Tok::Newline)) {
    }
    if (error_) return nullptr;
    if (!at(Tok::EndMarker) && !with_diagnosis(&Parser::interactive_input, body)) return nullptr;
    auto* module = arena_.make<Interactive>();
    module->kind = NodeKind::Interactive;
    module->body = body.take();
    return module;
}

ModNode* Parser::run() {
    ModNode* module = nullptr;
    switch (options_.mode) {
        case ParseMode::File:
            module = module_file();
            break;
        case ParseMode::Eval:
            module = module_eval();
            break;
        case ParseMode::Interactive:
            module = module_interactive();
            break;
    }
    if (!module && !error_) error_ = lexer_.error();
    bool at_end = tokens_.size() > 0 && tokens_[tokens_.size() - 1].kind == Tok::EndMarker;
    result_.incomplete = lexer_.incomplete();
    if (error_) {
        if (error_->incomplete && result_.incomplete == Incomplete::No)
            result_.incomplete = Incomplete::Block;
        // A text that ends where more must follow. A fault in its last line is seen at the newline, before
        // the end.
        if (at_end && !error_from_lexer_ && result_.incomplete == Incomplete::No &&
            error_->start + 1 >= source_.text().size()) {
            result_.incomplete = Incomplete::Block;
        }
        result_.error = std::move(error_);
        return nullptr;
    }
    return module;
}

// They come first, as the lexer does.
void Parser::take_lexer_warnings() {
    const std::vector<Diagnostic>& found = lexer_.warnings();
    result_.warnings.insert(result_.warnings.begin(), found.begin(), found.end());
}

ParseResult parse(const Source& source, Arena& arena, const ParseOptions& options) {
    ParseResult result;
    result.future_annotations = options.future_annotations;
    try {
        Parser parser(source, arena, options, result);
        result.module = parser.run();
        parser.take_lexer_warnings();
    } catch (const ArenaExhausted&) {
        result.module = nullptr;
        result.out_of_memory = true;
    }
    return result;
}

}  // namespace gen
