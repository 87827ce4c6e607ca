// The state of scope analysis. Private to parser/.
//
// One walk over the tree makes the scopes and records what each does with each name (scope_walk.cpp),
// checking on its way what the grammar leaves open (scope_check.cpp); then every name is resolved from the
// module inwards (scope.cpp).
#pragma once

#include <string>

#include "parser/scope.h"

namespace gen {

using namespace ast;

// A scope while it is being made.
struct OpenScope : Scope {
    explicit OpenScope(Arena& arena) : Scope{}, symbol_list(arena), child_list(arena), directives(arena) {}

    struct Directive {  // a global or nonlocal declaration, for errors found when names are resolved
        Symbol* symbol;
        Span place;
    };

    ArenaVector<Symbol*> symbol_list;
    ArenaVector<Scope*> child_list;
    ArenaVector<Directive> directives;
    const char* comprehension_name = nullptr;  // "list comprehension" …
    uint32_t iterable_depth = 0;               // > 0: inside the iterable of a comprehension
    bool in_iteration_target = false;
    bool is_async_def = false;
    Span first_return_value{};

    OpenScope* outer() const { return static_cast<OpenScope*>(parent); }
};

const Identifier* mangle(Arena& arena, const Identifier* class_name, const Identifier* name);

class ScopeAnalyser {
  public:
    ScopeAnalyser(const Source& source, Arena& arena, const ScopeOptions& options, ScopeResult& result)
        : source_(source), arena_(arena), options_(options), result_(result), spine_(arena) {}

    void run(ModNode* module);

  private:
    // What `break`, `continue` and `return` would leave, innermost first.
    enum class Around : uint8_t { Nothing, Loop, ExceptStar };

    // ---- symbols (scope.cpp)
    OpenScope* open(ScopeKind kind, const Node* node, std::string_view name);
    void close();
    Symbol* add_symbol(Scope* scope, const Identifier* mangled);
    Symbol* mention(const Identifier* name, uint16_t flags, const Span& place);
    Symbol* mention_in(OpenScope* scope, const Identifier* mangled, uint16_t flags, const Span& place);
    void resolve(OpenScope* scope);
    void resolve_symbol(OpenScope* scope, Symbol* symbol);
    bool capture(OpenScope* scope, Symbol* symbol);
    void number(OpenScope* scope);
    void name_scope(OpenScope* scope);

    // ---- the walk (scope_walk.cpp)
    void statements(Seq<StmtNode*> body);
    void statement(StmtNode* node);
    void if_chain(If* node);
    void function_parts(const Identifier* name, arguments* args, Seq<ExprNode*> decorators, ExprNode* returns,
                        const Span& place);
    void function_body(const Node* node, const Identifier* name, arguments* args, Seq<StmtNode*> body,
                       bool is_async, Scope*& scope);
    void class_definition(ClassDef* node);
    void declaration(Seq<const Identifier*> names, uint16_t flag, const Span& place);
    void imports(Seq<alias*> names, bool is_from, const Span& place);
    void try_parts(Seq<StmtNode*> body, Seq<ExceptHandler*> handlers, Seq<StmtNode*> orelse,
                   Seq<StmtNode*> finalbody, bool is_star);
    void with_parts(Seq<withitem*> items, Seq<StmtNode*> body);
    void loop_body(Seq<StmtNode*> body, Seq<StmtNode*> orelse);
    void annotated_assignment(AnnAssign* node);
    void annotation(ExprNode* node);
    void default_values(arguments* args);
    void parameters(arguments* args);
    void expression(ExprNode* node);
    void expressions(Seq<ExprNode*> nodes, bool stars_allowed = false);
    void expression_parts(ExprNode* node);
    void keywords(Seq<keyword*> items, const Node* call);
    void name(Name* node);
    void yield(ExprNode* node, ExprNode* value, bool is_from);
    void pattern(PatternNode* node);

    // ---- comprehensions (scope_comprehension.cpp)
    void comprehension_scope(ExprNode* node, const char* name, const char* description,
                             Seq<comprehension*> generators, ExprNode* first, ExprNode* second,
                             Scope*& scope);
    void comprehension_clause(comprehension* clause, bool is_first);
    void named_expression(NamedExpr* node);
    void extend_to_function(Name* target);

    // ---- checks (scope_check.cpp)
    void raise(const Span& place, std::string message);
    void warn(const Span& place, std::string message);
    void check_leave(const StmtNode* node);
    void check_async(const Span& place, const char* what);
    void check_name(const Identifier* name, bool deletes, const Span& place);
    void check_target(ExprNode* target);
    void check_stars(Seq<ExprNode*> elements, const Span& place);
    void check_value(const ExprNode* node);
    void check_comparison(const Compare* node);
    void check_callee(const ExprNode* callee, const Span& place);
    void check_subscript(const Subscript* node);
    void check_handlers(Seq<ExceptHandler*> handlers);
    void check_cases(const Match* node);

    struct Captures;
    bool check_pattern(const PatternNode* node, Captures& captures, bool irrefutable_allowed);
    void check_mapping_keys(const MatchMapping* node);
    void bind_in_pattern(Captures& captures, const Identifier* name, const Span& place);

    const Source& source_;
    Arena& arena_;
    const ScopeOptions& options_;
    ScopeResult& result_;
    OpenScope* current_ = nullptr;
    const Identifier* class_name_ = nullptr;
    Around around_ = Around::Nothing;
    bool in_except_star_ = false;
    ArenaVector<ExprNode*> spine_;
    uint32_t* keyword_seen_ = nullptr;  // by Identifier::serial: the call that had this keyword last
    uint32_t keyword_round_ = 0;
};

}  // namespace gen
