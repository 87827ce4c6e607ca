// Units: a module, function, class or comprehension in the making; and the way in.
#include "vm/compile/compiler.h"

namespace gen {

using namespace ast;

void Compiler::error(const Span& at, const std::string& message) {
    if (result_.error) return;
    uint32_t start = source_.line_start(at.line) + at.column;
    uint32_t end = source_.line_start(at.end_line) + at.end_column;
    result_.error = make_diagnostic(source_, Diagnostic::Kind::SyntaxError, start, end, message);
}

// Whether a function may ask for its own names. What locals() answers is kept then, so that names which exec() adds stay.
bool Compiler::asks_for_locals(const Scope* scope) {
    if (!scope->is_function()) return false;
    for (std::string_view name : {"locals", "exec", "eval", "vars", "dir"}) {
        Symbol* s = scope->find_mangled(id(name));
        if (s && s->kind == NameKind::GlobalImplicit) return true;
    }
    return false;
}

Unit* Compiler::begin_unit(Scope* scope) {
    bool in_namespace = scope->kind == ScopeKind::Class ||
                        (scope->kind == ScopeKind::Module && options_.mode != CompileOptions::Mode::File);
    unsigned first_temporary =
        scope->is_function() ? scope->locals.size() : in_namespace + scope->has_class_cell;
    if (asks_for_locals(scope)) first_temporary++;
    unit_ = arena_.make<Unit>(pool_, arena_, scope, unit_, first_temporary, first_temporary);
    if (in_namespace) unit_->namespace_reg = 0;
    if (options_.observe_generators && (scope->is_generator || scope->is_coroutine)) {
        e().observe_generator();
        e().emit_observe(0, Observed::Starts);
    }
    if (scope->kind == ScopeKind::Class && scope->has_class_cell) e().emit(Op::MAKE_CELL, 1, 1);
    if (!scope->is_function()) return unit_;
    uint32_t parameters =
        scope->arg_count + scope->kwonly_count + scope->has_varargs + scope->has_varkeywords;
    for (uint32_t i = 0; i < scope->locals.size(); i++) {
        Symbol* s = scope->locals[i];
        if (s->kind == NameKind::Cell)
            e().emit(Op::MAKE_CELL, i, i);
        else if (i < parameters && !(s->flags & kSymDeleted))
            bound().add(i);
    }
    return unit_;
}

uint32_t Compiler::flags_of(const Scope* scope) const {
    uint32_t flags = options_.code_flags;
    if (future_annotations_) flags |= Code::kFutureAnnotations;
    if (scope->is_nested) flags |= Code::kNested;
    if (scope->is_generator)
        flags |= scope->is_coroutine ? Code::kAsyncGenerator : Code::kGenerator;
    else if (scope->is_coroutine)
        flags |= Code::kCoroutine;
    switch (scope->kind) {
        case ScopeKind::Module:
            if (options_.mode != CompileOptions::Mode::File) flags |= Code::kNamespace;
            return flags;
        case ScopeKind::Class:
            return flags | Code::kNamespace | Code::kClassBody;
        case ScopeKind::Comprehension:
            flags |= Code::kComprehension;
            break;
        default:
            break;
    }
    if (scope->has_varargs) flags |= Code::kVarArgs;
    if (scope->has_varkeywords) flags |= Code::kVarKeywords;
    return flags | Code::kNewLocals;
}

Code* Compiler::end_unit(Unit* unit, uint32_t first_line, const Folded* doc) {
    Scope* scope = unit->scope;
    Emitter& emitter = unit->emitter;
    unit_ = unit->outer;
    if (emitter.too_many_registers()) error(scope->node, "too many local variables");
    if (emitter.too_many_constants()) error(scope->node, "too many names");
    if (result_.error) return nullptr;

    auto names = [this](Seq<Symbol*> symbols) {
        auto* values = arena_.make_array<Value>(symbols.size());
        for (uint32_t i = 0; i < symbols.size(); i++) values[i] = builder_.str(symbols[i]->name->text, true);
        return std::span<const Value>(values, symbols.size());
    };
    CodeParts parts;
    emitter.finish(parts, scope->is_generator || scope->is_coroutine);
    if (scope->is_function()) parts.locals = names(scope->locals);
    if (asks_for_locals(scope)) parts.locals_register = uint16_t(scope->locals.size());
    parts.cell_names = names(scope->cells);
    parts.free_names = names(scope->frees);
    ArenaVector<uint16_t> cell_parameters(arena_);
    uint32_t parameters =
        scope->arg_count + scope->kwonly_count + scope->has_varargs + scope->has_varkeywords;
    for (uint32_t i = 0; scope->is_function() && i < parameters; i++)
        if (scope->locals[i]->kind == NameKind::Cell) cell_parameters.push_back(uint16_t(i));
    parts.cell_parameters = {cell_parameters.begin(), cell_parameters.size()};
    parts.name = builder_.str(scope->name->text, true);
    parts.qualname = builder_.str(scope->qualname.empty() ? scope->name->text : scope->qualname, true);
    parts.filename = builder_.str(options_.filename, true);
    if (doc) parts.doc = pool_.value(*doc);
    parts.code_flags = flags_of(scope);
    parts.positional_only = uint16_t(scope->posonly_count);
    parts.positional = uint16_t(scope->arg_count);
    parts.keyword_only = uint16_t(scope->kwonly_count);
    parts.first_line = first_line;
    return builder_.code(parts);
}

void Compiler::module_body(const ModNode* tree) {
    if (auto* expression = as_if<Expression>(tree)) {
        e().set_span(expression->body->span);
        return emit_return(value(expression->body));
    }
    Stmts body = is<ast::Module>(tree) ? as<ast::Module>(tree)->body : as<Interactive>(tree)->body;
    unit_->interactive = is<Interactive>(tree);
    auto store_global = [this](std::string_view name, Reg r) {
        if (unit_->namespace_reg != kNoRegister)
            e().emit(Op::STORE_NAME, r, unit_->namespace_reg, name_constant(id(name)));
        else
            e().emit_wide(Op::STORE_GLOBAL, r, int32_t(name_constant(id(name))));
    };
    if (unit_->scope->has_annotations) {
        Temporaries temporaries(*this);
        Reg t = e().temp();
        if (unit_->namespace_reg != kNoRegister)
            e().emit(Op::MOVE, t, unit_->namespace_reg);
        else
            load_special(t, Value::unbound());
        e().emit(Op::INTRINSIC, t, t, 1, unsigned(Intrinsic::SETUP_ANNOTATIONS));
    }
    auto* first = is<ast::Module>(tree) && !body.empty() ? as_if<Expr>(body[0]) : nullptr;
    auto* constant = first ? as_if<Constant>(first->value) : nullptr;
    if (constant && constant->value.kind == LiteralKind::Str) {
        Temporaries temporaries(*this);
        Reg t = e().temp();
        e().set_span(first->span);
        load_constant(t, *fold_literal(arena_, constant->value));
        store_global("__doc__", t);
        body = body.slice(1, body.size());
    }
    block(body);
}

Code* Compiler::run(const ModNode* tree, Scope* module) {
    future_annotations_ = options_.future_annotations || result_.future_annotations;
    Unit* unit = begin_unit(module);
    module_body(tree);
    return end_unit(unit, 1, nullptr);
}

CompileResult compile_tree(CodeBuilder& builder, Arena& arena, const Source& source, const ModNode* tree,
                           Scope* module, const CompileOptions& options) {
    CompileResult result;
    try {
        Compiler compiler(builder, arena, source, options, result);
        result.code = compiler.run(tree, module);
    } catch (const ArenaExhausted&) {
        result.out_of_memory = true;
    }
    result.out_of_memory |= builder.failed();
    if (result.error || result.out_of_memory) result.code = nullptr;
    result.future_annotations |= options.future_annotations;
    return result;
}

CompileResult compile(CodeBuilder& builder, const Source& source, const CompileOptions& options) {
    using Mode = CompileOptions::Mode;
    Arena arena;
    ParseOptions parse_options;
    parse_options.mode = options.mode == Mode::Eval     ? ParseMode::Eval
                         : options.mode == Mode::Single ? ParseMode::Interactive
                                                        : ParseMode::File;
    parse_options.top_level_await = options.top_level_await;
    parse_options.future_annotations = options.future_annotations;
    ParseResult parsed = parse(source, arena, parse_options);
    CompileResult result;
    auto failed = [&](std::optional<Diagnostic> error, bool out_of_memory) {
        result.error = std::move(error);
        result.out_of_memory = out_of_memory;
        result.warnings = std::move(parsed.warnings);
        result.incomplete = parsed.incomplete;
        return std::move(result);
    };
    if (!parsed.module) return failed(std::move(parsed.error), parsed.out_of_memory);
    ScopeResult scopes =
        analyse_scopes(parsed.module, source, arena, {options.top_level_await, parsed.future_annotations});
    parsed.warnings.insert(parsed.warnings.end(), scopes.warnings.begin(), scopes.warnings.end());
    if (!scopes.module) return failed(std::move(scopes.error), scopes.out_of_memory);
    CompileOptions with_future = options;
    with_future.future_annotations |= parsed.future_annotations;
    result = compile_tree(builder, arena, source, parsed.module, scopes.module, with_future);
    result.warnings = std::move(parsed.warnings);
    return result;
}

}  // namespace gen
