// The compiler's state and its rules; private to vm/compile.
//
//  - An expression leaves its value where it likes (operand(): a constant, a local in place, a temporary at
//    the top of the stack) or where it is told (into()). A local is only written when the expression is
//    complete, so that a handler never sees a half-done assignment; `dst` may be a local.
//  - A local in place is safe as an operand, since nothing can store to a local in the middle of an
//    expression but a walrus: names that one assigns to are copied.
//  - Recursion follows the tree's depth, which the parser bounds; spines (ast.h) are walked in loops.
//    Frames of the recursive functions are kept small: nothing big lives on the C stack.
//  - Blocks (loops, try, with) form a chain; return, break and continue emit the exits of those they leave.
#pragma once
#include "vm/compile/compile.h"
#include "vm/compile/emit.h"

namespace gen {

// Which locals are certainly bound. Names that are deleted somewhere are never taken for bound, so the set
// only grows along a path; what a branch has added is on the trail, and taken back at its end.
class BoundLocals {
  public:
    BoundLocals(Arena& arena, uint32_t count) : bound_(arena.make_array<bool>(count)), trail_(arena) {}
    bool is_bound(Reg r) const { return bound_[r]; }
    void add(Reg r) {
        if (bound_[r]) return;
        bound_[r] = true;
        trail_.push_back(r);
    }
    uint32_t mark() const { return trail_.size(); }
    void undo(uint32_t mark) {
        while (trail_.size() > mark) {
            bound_[trail_.back()] = false;
            trail_.pop_back();
        }
    }
    const ArenaVector<Reg>& trail() const { return trail_; }

  private:
    bool* bound_;
    ArenaVector<Reg> trail_;
};

// What all paths that meet have bound since `mark`.
struct Merge {
    Merge(Arena& arena, BoundLocals& bound) : mark(bound.mark()), names(arena) {}
    uint32_t mark;
    bool any = false;
    ArenaVector<Reg> names;

    void add(const BoundLocals& bound) {
        if (!any) {
            any = true;
            for (uint32_t i = mark; i < bound.mark(); i++) names.push_back(bound.trail()[i]);
            return;
        }
        uint32_t kept = 0;
        for (Reg r : names)
            if (bound.is_bound(r)) names[kept++] = r;
        names.truncate(kept);
    }
    void apply(BoundLocals& bound) const {
        bound.undo(mark);
        for (Reg r : names) bound.add(r);
    }
};

struct Operand {
    const Folded* constant = nullptr;  // else in `reg`
    Reg reg = kNoRegister;
};

struct Block {
    enum class Kind : uint8_t { Loop, Try, FinallyTry, FinallyEnd, Handler, With };
    explicit Block(Kind k) : kind(k) {}
    Kind kind;
    Block* outer = nullptr;
    HandlerId outer_handler = 0;
    // Loop
    Label break_label, continue_label;
    Merge* breaks = nullptr;
    Reg iterator = kNoRegister;  // to be closed when the loop is left early
    unsigned close_flags = 0;    // X of CLOSE_ITER
    // FinallyTry
    Seq<ast::StmtNode*> finalbody;
    // FinallyEnd, Handler: register of PUSH_HANDLED. With: register of __exit__
    Reg reg = kNoRegister;
    // Handler
    Symbol* name = nullptr;  // may be null
    // With
    const ast::StmtNode* with = nullptr;
    bool is_async = false;

    bool handles() const { return kind == Kind::Handler || kind == Kind::FinallyEnd; }  // an exception
};

// One code object in the making.
struct Unit {
    Unit(ConstantPool& pool, Arena& arena, Scope* s, Unit* o, unsigned first_temporary, unsigned locals)
        : scope(s), outer(o), emitter(pool, first_temporary), bound(arena, locals) {}
    Scope* scope;
    Unit* outer;
    Emitter emitter;
    BoundLocals bound;
    Block* block = nullptr;
    uint32_t block_depth = 0;
    Reg namespace_reg = kNoRegister;  // of kNamespace code
    bool interactive = false;         // expression statements are printed
};

class Compiler {
  public:
    static constexpr uint32_t kMaxBlocks = 20;  // nested in one function, as in CPython

    Compiler(CodeBuilder& builder, Arena& arena, const Source& source, const CompileOptions& options,
             CompileResult& result)
        : builder_(builder),
          arena_(arena),
          source_(source),
          options_(options),
          result_(result),
          pool_(arena, builder),
          spine_(arena) {}
    Code* run(const ast::ModNode* tree, Scope* module);

  private:
    using ExprNode = ast::ExprNode;
    using StmtNode = ast::StmtNode;
    using Stmts = Seq<ast::StmtNode*>;

    // Sets the position of what is emitted while it lives.
    class At {
      public:
        At(Compiler& c, const ast::Node* node) : emitter_(c.e()), saved_(emitter_.span()) {
            emitter_.set_span(node->span);
        }
        ~At() { emitter_.set_span(saved_); }

      private:
        Emitter& emitter_;
        Span saved_;
    };
    // Gives back the temporaries taken while it lives.
    class Temporaries {
      public:
        explicit Temporaries(Compiler& c) : emitter_(c.e()), mark_(emitter_.top()) {}
        ~Temporaries() { emitter_.release(mark_); }

      private:
        Emitter& emitter_;
        Reg mark_;
    };
    class Enter;  // a Block, for as long as it lives

    Emitter& e() { return unit_->emitter; }
    BoundLocals& bound() { return unit_->bound; }
    const Identifier* id(std::string_view text) { return arena_.intern(text); }
    const Identifier* mangled(const Identifier* name) { return mangle(arena_, *unit_->scope, name); }
    uint32_t name_constant(const Identifier* name) { return e().name(name); }
    void error(const Span& at, const std::string& message);
    void error(const ast::Node* at, const std::string& message) { error(at->span, message); }
    void merge(Merge& m) {
        if (e().reachable()) m.add(bound());
        bound().undo(m.mark);
    }

    // ---- compiler.cpp: units
    bool asks_for_locals(const Scope* scope);
    Unit* begin_unit(Scope* scope);
    Code* end_unit(Unit* unit, uint32_t first_line, const Folded* doc);
    void module_body(const ast::ModNode* tree);
    uint32_t flags_of(const Scope* scope) const;

    // ---- compile_name.cpp
    Operand load_name(const ast::Name* n, Reg dst);
    Operand load_symbol(Symbol* symbol, Reg dst);
    void store_symbol(Symbol* symbol, Reg value);
    void delete_symbol(Symbol* symbol);
    void delete_from_scope(Symbol* symbol);
    bool let_go_of_old(const ast::Assign* s);
    void let_go_of_arguments(const ExprNode* done);
    void unbind_symbol(Symbol* symbol);  // at the end of `except … as name`
    Reg plain_local(
        const ExprNode* target);  // its register if the target is a local and no cell, else kNoRegister
    bool is_plain_local(const Symbol* s) const;
    Symbol* symbol_of(const Identifier* name);  // as written in the source
    void load_constant(Reg dst, const Folded& constant);
    void load_special(Reg dst, Value v) { e().emit_wide(Op::LOAD_SPECIAL, dst, int32_t(v.bits())); }
    void load_text(Reg dst, std::string_view text);
    Operand text_constant(std::string_view text);

    // ---- compile_expr.cpp
    Operand operand(const ExprNode* x, Reg dst = kNoRegister, unsigned owned = 0);
    Reg value(const ExprNode* x) { return in_register(operand(x)); }
    void into(const ExprNode* x, Reg dst, unsigned owned = 0);
    // As value(); what is no local in place goes to `slot`.
    Reg value_at(const ExprNode* x, Reg slot, unsigned owned = 0);
    Reg in_register(Operand o);  // a constant goes to a new temporary
    void move(Reg dst, Operand o);
    Reg target_of(Reg mark, Reg dst);  // dst, or the temporary at mark
    void discard(const ExprNode* x);
    Operand spine(const ExprNode* x, Reg dst, unsigned owned);
    Operand binary(const ast::BinOp* n, Operand left, Reg target, Reg mark);
    Operand unary(const ast::UnaryOp* n, Operand operand, Reg target, Reg mark);
    void emit_binary(ast::Operator op, Reg target, Reg left, Operand right, bool in_place);
    Operand attribute(const ast::Attribute* n, Operand object, Reg target, Reg mark);
    Operand subscript(const ast::Subscript* n, Operand object, Reg target, Reg mark);
    void slice(const ast::Slice* n, Reg dst);
    Span attribute_span(const ast::Attribute* n) const;
    void compare(const ast::Compare* n, Reg dst);
    Operand compare_right(ast::CompareOperator op, const ExprNode* right);
    static bool owns_right(ast::CompareOperator op, const ExprNode* right);
    void emit_compare(ast::CompareOperator op, Reg target, Reg left, Reg right, bool owned);
    void bool_operand(const ExprNode* x, Reg result, bool sense, Label target);
    void bool_op(const ast::BoolOp* n, Reg dst);
    void if_exp(const ast::IfExp* n, Reg dst);
    void named_expr(const ast::NamedExpr* n, Reg dst);
    void list_display(Seq<ExprNode*> items, Reg dst);
    void tuple_display(Seq<ExprNode*> items, const ExprNode* at, Reg dst);
    void set_display(Seq<ExprNode*> items, Reg dst);
    void dict_display(const ast::Dict* n, Reg dst);
    void items_to_list(Seq<ExprNode*> items, Reg list, unsigned message);
    void yield_value(const ast::Yield* n, Reg dst);  // dst kNoRegister: the value sent is not wanted
    void yield_from(const ast::YieldFrom* n, Reg dst);
    void await(const ast::Await* n, Reg dst);
    void delegate(Reg v, Reg iterator, bool is_await);
    template <class Suspend>
    void outside_handlers(Suspend suspend);
    bool in_handler();
    unsigned finalizer_flag();
    void load_sent(Reg dst);
    void emit_yield(Reg v, unsigned flags, Reg dst);  // dst: for the value sent, or kNoRegister
    static bool is_call(const ExprNode* x) { return ast::is<ast::Call>(x) || ast::is<ast::GeneratorExp>(x); }

    // ---- compile_format.cpp
    void joined_str(const ast::JoinedStr* n, Reg dst);
    void string_of(Seq<ExprNode*> values, Reg dst, bool at_value);
    void string_part(const ExprNode* part, Reg dst, bool at_value);
    void formatted_value(const ast::FormattedValue* n, Reg dst);
    ArenaVector<ExprNode*>* percent_format(const ast::BinOp* n, Operand left);

    // ---- compile_condition.cpp
    void jump_if(const ExprNode* test, bool sense, Label target);
    void jump_if_compare(const ast::Compare* n, bool sense, Label target);
    static const ExprNode* last_comparison(const ExprNode* test);
    void emit_compare_jump(ast::CompareOperator op, Reg left, Operand right, bool sense, Label target,
                           bool owned = false);
    void jump_if_if_exp(const ast::IfExp* n, bool sense, Label target);
    void jump_if_bool_op(const ast::BoolOp* n, bool sense, Label target);
    void jump_if_register(Reg r, bool sense, Label target) {
        e().emit_jump(sense ? Op::JUMP_IF_TRUE : Op::JUMP_IF_FALSE, target, r);
    }

    // ---- compile_call.cpp
    struct Lending {
        Reg held;       // of the generator that is lent
        HandlerId pad;  // of the call
    };
    Operand call(const ast::Call* n, Operand callee, const ast::Attribute* method, Reg target, Reg mark,
                 unsigned owned);
    Operand plain_call(const ast::Call* n, Operand callee, const ast::Attribute* method, Reg target, Reg mark,
                       unsigned owned, const Lending* lending);
    bool super_call(const ast::Call* n, Reg base);
    void arguments_ex(Seq<ExprNode*> args, Seq<ast::keyword*> keywords, Reg base, unsigned given);
    void keyword_mapping(Seq<ast::keyword*> keywords, Reg dst, Reg callee);
    unsigned positional_and_keywords(Seq<ExprNode*> args, Seq<ast::keyword*> keywords, const Folded*& names,
                                     bool first_owned = false);
    bool is_simple(const ExprNode* argument);

    // ---- compile_stmt.cpp
    void block(Stmts body);
    void stmt(const StmtNode* s);
    void expression_statement(const ast::Expr* s);
    void assign(const ast::Assign* s);
    bool assign_items(const ast::Assign* s);
    void aug_assign(const ast::AugAssign* s);
    void ann_assign(const ast::AnnAssign* s);
    void store(const ExprNode* target, Reg value);
    void unpack(Seq<ExprNode*> targets, const ExprNode* at, Reg value, bool owned = false);
    void delete_target(const ExprNode* target);
    void return_stmt(const ast::Return* s);
    void leave_loop(const StmtNode* s, bool is_break);
    void if_stmt(const ast::If* s);
    void while_stmt(const ast::While* s);
    void for_stmt(const ast::For* s);
    void async_for_stmt(const ast::AsyncFor* s);
    void assert_stmt(const ast::Assert* s);
    void raise_stmt(const ast::Raise* s);
    void import_stmt(const ast::Import* s);
    void import_from(const ast::ImportFrom* s);
    void emit_return(Reg value);
    void return_none();

    // ---- compile_try.cpp
    void leave_blocks(Block* until);
    void leave(Block* b);
    void try_stmt(Stmts body, Seq<ast::ExceptHandler*> handlers, Stmts orelse, Stmts finalbody,
                  const StmtNode* s);
    void try_except(Stmts body, Seq<ast::ExceptHandler*> handlers, Stmts orelse);
    void try_star(Stmts body, Seq<ast::ExceptHandler*> handlers, Stmts orelse);
    void with_stmt(Seq<ast::withitem*> items, Stmts body, bool is_async, const StmtNode* s);
    void call_exit(Reg exit, bool is_async);
    void handler_cleanup(HandlerId cleanup, Reg handled, Reg exception);
    void except_body(const ast::ExceptHandler* h, Reg exception, Reg second, HandlerId outer);
    void named_cleanup(const ast::ExceptHandler* h, Reg exception, Reg second);
    void await_register(Reg r, unsigned where);
    void no_position();

    // ---- compile_def.cpp
    void function_def(const StmtNode* s, const Identifier* name, const ast::arguments* args, Stmts body,
                      Seq<ExprNode*> decorators, const ExprNode* returns, Scope* scope);
    void class_def(const ast::ClassDef* s);
    void lambda(const ast::Lambda* n, Reg dst);
    Reg decorators(Seq<ExprNode*> list);
    void apply_decorators(Seq<ExprNode*> list, Reg first);
    unsigned function_parts(const ast::arguments* args, const ExprNode* returns, bool annotated);
    bool annotations(const ast::arguments* args, const ExprNode* returns);
    void annotation(const ExprNode* x, Reg dst);
    void make_function(Code* code, Scope* scope, unsigned flags, Reg parts, Reg dst);
    void comprehension(const ExprNode* n, Scope* scope, Seq<ast::comprehension*> generators,
                       const ExprNode* element, const ExprNode* value, Reg dst, unsigned owned);
    Code* comprehension_code(const ExprNode* n, Scope* scope, Seq<ast::comprehension*> generators,
                             const ExprNode* element, const ExprNode* value);
    struct ComprehensionState;
    void comprehension_loop(ComprehensionState& c, uint32_t depth);
    void comprehension_assignment(ComprehensionState& c, uint32_t depth, const ExprNode* item);
    void comprehension_inner(ComprehensionState& c, uint32_t depth, Label next);
    void comprehension_element(ComprehensionState& c);
    Code* class_body(const ast::ClassDef* s, uint32_t first_line);
    Code* function_code(Scope* scope, Stmts body, uint32_t first_line);

    // ---- compile_match.cpp
    struct Captures;
    void match_stmt(const ast::Match* s);
    void pattern(const ast::PatternNode* p, Reg subject, Captures& c, Label fail);
    void pattern_sequence(const ast::MatchSequence* p, Reg subject, Captures& c, Label fail);
    void pattern_mapping(const ast::MatchMapping* p, Reg subject, Captures& c, Label fail);
    void pattern_class(const ast::MatchClass* p, Reg subject, Captures& c, Label fail);
    void pattern_or(const ast::MatchOr* p, Reg subject, Captures& c, Label fail);
    static uint32_t count_captures(const ast::PatternNode* p);
    void capture(const Identifier* name, Reg value, Captures& c);

    // ---- loops of for statements and comprehensions (compile_stmt.cpp)
    static bool owns_iterator(const ExprNode* iterable);
    void owned_pad(HandlerId pad, Reg iterator, Reg exception, unsigned flags = 0);
    Reg next_async(Reg iterator, HandlerId stop);
    void end_async_for(HandlerId stop, Reg exception);

    CodeBuilder& builder_;
    Arena& arena_;
    const Source& source_;
    const CompileOptions& options_;
    CompileResult& result_;
    ConstantPool pool_;
    Unit* unit_ = nullptr;
    ArenaVector<const ExprNode*> spine_;
    bool future_annotations_ = false;
    HandlerId named_pad_ = 0;  // of the `except … as name` that except_body() has compiled last
};

// A block that is entered for as long as the object lives.
class Compiler::Enter {
  public:
    Enter(Compiler& c, Block& b) : compiler_(c) {
        b.outer = c.unit_->block;
        b.outer_handler = c.e().handler();
        c.unit_->block = &b;
        if (++c.unit_->block_depth > kMaxBlocks) c.error(c.e().span(), "too many statically nested blocks");
    }
    ~Enter() {
        compiler_.unit_->block = compiler_.unit_->block->outer;
        compiler_.unit_->block_depth--;
    }

  private:
    Compiler& compiler_;
};

}  // namespace gen
