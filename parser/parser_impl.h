// The parser's state and its rules. Private to parser/: everybody else includes parser.h.
//
// How errors are found. The first pass knows the plain grammar only: a rule that does not match answers null
// (or false) and everything unwinds. Then the statement is parsed again with `diagnosing_` set: now the rules
// also look for likely mistakes and raise() an error about them; if nobody does, the error is "invalid
// syntax" at the furthest token that the first pass had looked at. Correct programs never pay for diagnosis.
//
//   null, and error_ set      an error was raised: unwind
//   null, and error_ not set  the rule does not match here; who has an alternative may rewind and try it
//
// In the second pass a rule that fails behind a complete expression answers that expression, as CPython's PEG
// parser does (`a +` is `a`, followed by a `+` that nobody wants): what surrounds it may know what is wrong.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>

#include "lexer/literals.h"
#include "parser/parser.h"

namespace gen {

using namespace ast;

class Parser {
  public:
    Parser(const Source& source, Arena& arena, const ParseOptions& options, ParseResult& result)
        : source_(source),
          arena_(arena),
          options_(options),
          result_(result),
          lexer_(source),
          tokens_(arena),
          scratch_(arena),
          pending_(arena),
          diagnosed_(arena) {}

    ModNode* run();
    void take_lexer_warnings();

  private:
    // A token with its place. Fetched lazily: CPython reports some errors at the last token it looked at.
    struct Lexeme {
        Tok kind;
        uint8_t flags;
        uint16_t level;  // number of brackets open after this token
        uint32_t start, end;
        uint32_t line, column, end_line, end_column;
    };

    // An operator that waits for its right operand (see operators()).
    struct Pending {
        ExprNode* left;  // null: a prefix operator
        uint32_t start;  // token where the whole expression starts
        uint32_t op_token;
        Tok op;
        bool negated;  // `not in`, `is not`
        uint8_t precedence;
    };

    // Collects nodes on the shared scratch stack, so that a list costs its exact size in the arena.
    template <class T>
    class Items {
      public:
        explicit Items(Parser& parser) : parser_(parser), base_(parser.scratch_.size()) {}
        ~Items() { parser_.scratch_.truncate(base_); }
        Items(const Items&) = delete;
        Items& operator=(const Items&) = delete;
        void push(const T* item) { parser_.scratch_.push_back(const_cast<std::remove_const_t<T>*>(item)); }
        uint32_t size() const { return parser_.scratch_.size() - base_; }
        T* operator[](uint32_t i) const { return static_cast<T*>(parser_.scratch_[base_ + i]); }
        T* back() const { return static_cast<T*>(parser_.scratch_.back()); }
        void pop() { parser_.scratch_.pop_back(); }
        Seq<T*> take() {
            uint32_t count = size();
            T** items =
                count ? static_cast<T**>(parser_.arena_.allocate(count * sizeof(T*), alignof(T*))) : nullptr;
            for (uint32_t i = 0; i < count; i++) items[i] = (*this)[i];
            parser_.scratch_.truncate(base_);
            return {items, count};
        }

      private:
        Parser& parser_;
        uint32_t base_;
    };

    // Counts recursion; parsing fails beyond kMaxDepth levels of it.
    class Level {
      public:
        explicit Level(Parser& parser) : parser_(parser) { parser.depth_++; }
        ~Level() { parser_.depth_--; }
        bool too_deep() { return parser_.depth_ > kMaxDepth && parser_.raise_too_deep(); }

      private:
        Parser& parser_;
    };

    enum class Target { Star, Delete, For };
    enum class Diagnosis : uint8_t { Expression = 1, NamedExpression = 2, Target = 4 };

    // ---- tokens (parser.cpp)
    void fetch();
    Tok kind() {
        if (pos_ == tokens_.size()) fetch();
        return tokens_[pos_].kind;
    }
    Tok kind_at(uint32_t ahead) {
        while (pos_ + ahead >= tokens_.size()) fetch();
        return tokens_[pos_ + ahead].kind;
    }
    const Lexeme& token() {
        kind();
        return tokens_[pos_];
    }
    bool at(Tok expected) { return kind() == expected; }
    bool accept(Tok expected) {
        if (kind() != expected) return false;
        pos_++;
        return true;
    }
    bool at_soft_keyword(std::string_view word) { return at(Tok::Name) && text_at(pos_) == word; }
    std::string_view text_at(uint32_t index) const {
        return source_.slice(tokens_[index].start, tokens_[index].end);
    }
    void rewind(uint32_t position) { pos_ = position; }
    const Identifier* identifier();  // consumes a Name, or answers null
    const Identifier* identifier_at(uint32_t index);
    bool starts_expression(Tok kind) const;

    // ---- nodes
    Span span_from(uint32_t start) const {
        const Lexeme& first = tokens_[start];
        const Lexeme& last = tokens_[pos_ - 1];
        return {first.line, first.column, last.end_line, last.end_column};
    }
    Span span_of_statement(uint32_t start) const;  // like span_from, without trailing layout tokens
    template <class T>
    T* make(uint32_t start) {
        T* node = arena_.make<T>();
        node->kind = T::kKind;
        node->height = 1;
        node->span = span_from(start);
        return node;
    }
    template <class T>
    T* make_statement(uint32_t start) {
        T* node = arena_.make<T>();
        node->kind = T::kKind;
        node->span = span_of_statement(start);
        return node;
    }
    // `node` with its height, which is one more than the highest child's; null when that is too high.
    template <class T>
    T* above(T* node, uint32_t child_height) {
        node->height = static_cast<uint16_t>(child_height + 1);
        if (child_height + 1 + block_depth_ <= kMaxAstDepth) return node;
        raise_too_deep();
        return nullptr;
    }
    static uint32_t height(const Node* node) { return node ? node->height : 0; }
    template <class T>
    static uint32_t height(Seq<T*> nodes) {
        uint32_t max = 0;
        for (const Node* node : nodes) max = std::max(max, height(node));
        return max;
    }
    // What a child on the spine adds to its parent's height: nothing, if the spine goes on in it.
    static uint32_t spine_height(const ExprNode* node) {
        return spine_child(node) ? node->height - 1u : node->height;
    }

    // ---- errors (parser.cpp). All answer null or false, for `return raise(…)`.
    struct Failure {
        template <class T>
        operator T*() const {
            return nullptr;
        }
        operator bool() const { return false; }
    };
    Failure raise(uint32_t start, uint32_t end, std::string_view message,
                  Diagnostic::Kind kind = Diagnostic::Kind::SyntaxError);
    Failure raise_at(const Node* node, std::string_view message);
    Failure raise_range(const Node* first, const Node* last, std::string_view message);
    Failure raise_token(uint32_t index, std::string_view message);
    Failure raise_tokens(uint32_t first, uint32_t last, std::string_view message);
    Failure raise_at_last_token(std::string_view message,
                                Diagnostic::Kind kind = Diagnostic::Kind::SyntaxError);
    Failure raise_at_lexeme(const Lexeme& last, std::string_view message, Diagnostic::Kind kind);
    Failure raise_to_here(const Node* first,
                          std::string_view message);  // up to, not including, the last character looked at
    // "<before><what the node is><after>"
    Failure raise_described(const char* before, const ExprNode* node, const char* after = "");
    bool raise_too_deep();                  // true
    bool raise_generic(uint32_t furthest);  // whether the rest of the text may know better
    void check_rest();
    void warn(uint32_t start, uint32_t end, std::string_view message);
    uint32_t offset_of_start(const Span& span) const { return source_.line_start(span.line) + span.column; }
    uint32_t offset_of_end(const Span& span) const {
        return source_.line_start(span.end_line) + span.end_column;
    }

    // ---- modules (parser.cpp)
    ModNode* module_file();
    ModNode* module_eval();
    ModNode* module_interactive();
    bool with_diagnosis(bool (Parser::*rule)(Items<StmtNode>&), Items<StmtNode>& body);
    bool eval_input(Items<StmtNode>& body);
    bool interactive_input(Items<StmtNode>& body);

    // ---- simple statements (parse_stmt.cpp)
    bool statement(Items<StmtNode>& out);
    bool simple_statements(Items<StmtNode>& out);
    StmtNode* simple_statement();
    StmtNode* expression_statement();
    StmtNode* annotated_assignment(uint32_t start, ExprNode* target, bool simple);
    StmtNode* assignment(uint32_t start, ExprNode* first);
    StmtNode* augmented_assignment(uint32_t start, ExprNode* target);
    bool diagnose_as_expressions(uint32_t start);
    bool diagnose_assignment_target(uint32_t start, uint32_t target_start, ExprNode* target);
    bool in_parentheses(uint32_t first, uint32_t last) const;
    bool diagnose_annotation_target(uint32_t start, ExprNode* target);
    void warn_suspicious_assignment(uint32_t assign);
    StmtNode* return_statement();
    StmtNode* raise_statement();
    StmtNode* delete_statement();
    StmtNode* assert_statement();
    StmtNode* import_statement();
    StmtNode* import_from_statement();
    bool check_future_import(const ImportFrom* import);
    StmtNode* global_statement();
    const Identifier* dotted_name();
    bool imported_names(Items<alias>& names, bool parenthesised);

    // ---- compound statements (parse_compound.cpp)
    StmtNode* compound_statement();
    bool block(Seq<StmtNode*>& body, const char* owner, uint32_t owner_token);
    bool colon_and_block(Seq<StmtNode*>& body, const char* owner, uint32_t owner_token);
    Failure raise_no_block(const char* owner, uint32_t owner_token);
    bool forced_colon();
    bool else_block(Seq<StmtNode*>& body);
    StmtNode* if_statement();
    StmtNode* while_statement();
    StmtNode* for_statement(uint32_t start, bool is_async);
    StmtNode* with_statement(uint32_t start, bool is_async);
    bool with_items(Items<withitem>& items, bool parenthesised);
    withitem* with_item(bool parenthesised);
    StmtNode* try_statement();
    ExceptHandler* except_handler(const ExceptHandler* previous, bool& is_star);
    StmtNode* function_definition(uint32_t start, bool is_async, Seq<ExprNode*> decorators);
    StmtNode* class_definition(Seq<ExprNode*> decorators);
    StmtNode* decorated();
    StmtNode* async_statement(Seq<ExprNode*> decorators);

    // ---- match statements (parse_pattern.cpp)
    StmtNode* match_statement(bool& committed);
    match_case* case_block();
    PatternNode* patterns();
    PatternNode* pattern(bool star_allowed);
    PatternNode* or_pattern();
    PatternNode* closed_pattern();
    PatternNode* star_pattern();
    PatternNode* capture_or_value(uint32_t start);
    PatternNode* group_or_sequence(Tok close);
    PatternNode* mapping_pattern();
    PatternNode* class_pattern(uint32_t start, ExprNode* cls);
    bool sequence_items(Items<PatternNode>& items, Tok close, bool& trailing_comma);
    ExprNode* pattern_number();
    ExprNode* pattern_key();
    ExprNode* name_or_attribute();

    // ---- expressions (parse_expr.cpp)
    ExprNode* expression();
    ExprNode* named_expression();
    ExprNode* star_named_expression();
    ExprNode* star_expression();
    ExprNode* star_expressions();
    ExprNode* star_expressions_from(uint32_t start, ExprNode* first);
    ExprNode* yield_or_star_expressions();
    ExprNode* yield_expression();
    ExprNode* assignment_expression();
    ExprNode* starred(ExprNode* (Parser::*operand)());
    ExprNode* bitwise_or();
    ExprNode* disjunction();
    ExprNode* conditional(uint32_t start, ExprNode* body);
    ExprNode* lambda();
    ExprNode* operators(uint8_t lowest);
    ExprNode* reduce(ExprNode* operand, uint32_t base, uint32_t& start);
    ExprNode* primary();
    ExprNode* trailer(uint32_t start, ExprNode* node);
    bool last_operand(uint32_t base, ExprNode*& operand, uint32_t& start);
    ExprNode* subscript_index();
    ExprNode* slice_item();
    bool falls_back() const { return second_pass_ && !error_; }
    bool diagnose_expression(uint32_t start, ExprNode* first);
    bool diagnose_named_expression(uint32_t start, ExprNode* first);
    bool is_legacy_keyword(uint32_t index);
    ExprNode* legacy_argument();
    Failure raise_legacy_call(uint32_t name, const ExprNode* argument);
    bool starts_with_display(const ExprNode* node, uint32_t start) const;
    bool first_diagnosis(uint32_t token, Diagnosis reason);

    // ---- atoms (parse_atom.cpp)
    ExprNode* atom();
    ExprNode* constant(LiteralKind kind);
    ExprNode* number();
    ExprNode* name();
    ExprNode* parenthesised();
    ExprNode* list_display();
    ExprNode* brace_display();
    ExprNode* dict_display(uint32_t start, ExprNode* key);
    ExprNode* dict_value(ExprNode* key, bool is_surely_dict);
    bool comprehension_clauses(Seq<comprehension*>& clauses);
    comprehension* comprehension_clause();
    bool diagnose_display_comprehension(ExprNode* first);
    ExprNode* target_item();
    ExprNode* target_list();
    template <class T>
    ExprNode* comprehension_of(uint32_t start, ExprNode* element, Tok close);

    // ---- strings (parse_string.cpp)
    ExprNode* strings();
    ExprNode* joined_string(uint32_t start);
    bool fstring_body(Items<ExprNode>& values, std::string& text, Tok end);
    bool replacement_field(Items<ExprNode>& values, std::string& text);
    bool check_field(uint32_t at);
    ExprNode* field_expression();
    void flush_text(Items<ExprNode>& values, std::string& text);
    bool decode(const Lexeme& token, std::string& text);
    ExprNode* text_constant(std::string_view text);
    void set_spec_span(ExprNode* value, const Span& span);
    void set_string_span(Seq<ExprNode*> values, const Span& span, bool u_prefix);

    // ---- calls and parameters (parse_call.cpp)
    ExprNode* call_arguments(uint32_t start, ExprNode* function);
    bool arguments_list(Seq<ExprNode*>& args, Seq<keyword*>& keywords, bool generator_allowed);
    keyword* keyword_argument();
    ExprNode* argument();
    void split_arguments(const Items<Node>& items, Seq<ExprNode*>& args, Seq<keyword*>& keywords);
    bool diagnose_late_argument(bool has_unpacking);
    bool diagnose_generator_argument(ExprNode* element, Seq<comprehension*> clauses, bool is_first);
    bool diagnose_keyword(uint32_t start, ExprNode* value);
    arguments* parameters(bool is_lambda);
    arg* parameter(bool is_lambda, bool star);
    bool parameter_default(Items<ExprNode>& defaults);
    Failure diagnose_parameter(bool is_lambda);
    Failure raise_bare_star(bool is_lambda, uint32_t star);

    // ---- targets (targets.cpp)
    static ExprNode* invalid_target(ExprNode* node, Target target);
    bool raise_invalid_target(ExprNode* node, Target target);  // false when there is nothing to say
    static bool is_star_target(const ExprNode* node);
    static bool is_single_target(const ExprNode* node);
    static bool is_delete_target(const ExprNode* node);
    static void set_context(ExprNode* node, ExprContext context);
    static const char* describe(const ExprNode* node);

    static constexpr uint32_t kMaxDepth = 250;
    static constexpr uint32_t kMaxDiagnosedDepth = 100;

    const Source& source_;
    Arena& arena_;
    const ParseOptions& options_;
    ParseResult& result_;
    Lexer lexer_;
    ArenaVector<Lexeme> tokens_;  // of the current top-level statement
    uint32_t pos_ = 0;
    uint32_t level_ = 0;  // brackets open at the end of tokens_
    uint32_t line_ = 0;   // cache: this line starts at this offset
    uint32_t line_start_ = 0;
    ArenaVector<void*> scratch_;
    ArenaVector<Pending> pending_;
    std::optional<Diagnostic> error_;
    bool error_from_lexer_ = false;
    bool diagnosing_ = false;
    bool second_pass_ = false;  // diagnosing, or speculating meanwhile
    uint32_t depth_ = 0;
    uint32_t block_depth_ = 0;
    uint32_t fstring_depth_ = 0;      // replacement fields around the current token
    uint32_t fstring_start_ = 0;      // the first token of the innermost f-string
    bool error_is_final_ = false;     // whatever the lexer would find in the rest of the text
    ArenaVector<uint8_t> diagnosed_;  // for each token: the Diagnosis bits that have been spent on it
    bool future_allowed_ = true;      // only a docstring and __future__ imports so far
    std::string buffer_;
};

}  // namespace gen
