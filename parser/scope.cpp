// Symbols, and what they mean: resolution of names from the module inwards.

#include <algorithm>

#include "parser/scope_impl.h"

namespace gen {

namespace {

constexpr uint16_t kBound = kSymAssigned | kSymParameter | kSymImported;

uint32_t slot_of(const Identifier* name, uint32_t capacity) {
    return name->serial * 2654435761u >> 7 & (capacity - 1);
}

}  // namespace

const Identifier* mangle(Arena& arena, const Identifier* class_name, const Identifier* name) {
    std::string_view text = name->text;
    if (!class_name || text.size() < 3 || text[0] != '_' || text[1] != '_') return name;
    if (text.ends_with("__") || text.find('.') != text.npos) return name;
    std::string_view owner = class_name->text;
    while (!owner.empty() && owner[0] == '_') owner.remove_prefix(1);
    if (owner.empty()) return name;
    return arena.intern(arena.concat({"_", owner, text}));
}

const Identifier* mangle(Arena& arena, const Scope& scope, const Identifier* name) {
    return mangle(arena, scope.class_name, name);
}

Symbol* Scope::find_mangled(const Identifier* name) const {
    if (table_capacity == 0) return nullptr;
    for (uint32_t i = slot_of(name, table_capacity);; i = (i + 1) & (table_capacity - 1)) {
        if (!table[i] || table[i]->name == name) return table[i];
    }
}

Symbol* Scope::find(Arena& arena, const Identifier* name) const {
    return find_mangled(mangle(arena, *this, name));
}

// ---- making scopes ---------------------------------------------------------------------------------------

OpenScope* ScopeAnalyser::open(ScopeKind kind, const Node* node, std::string_view name) {
    auto* scope = arena_.make<OpenScope>(arena_);
    scope->kind = kind;
    scope->node = node;
    scope->name = arena_.intern(name);
    scope->parent = current_;
    scope->class_name = class_name_;
    if (current_) {
        scope->is_nested = current_->is_nested || current_->is_function();
        scope->iterable_depth = current_->iterable_depth;
        current_->child_list.push_back(scope);
    }
    current_ = scope;
    return scope;
}

void ScopeAnalyser::close() { current_ = current_->outer(); }

Symbol* ScopeAnalyser::add_symbol(Scope* scope, const Identifier* name) {
    auto* open_scope = static_cast<OpenScope*>(scope);
    const uint32_t count = open_scope->symbol_list.size();
    auto place = [&](Symbol* symbol) {
        uint32_t i = slot_of(symbol->name, scope->table_capacity);
        while (scope->table[i]) i = (i + 1) & (scope->table_capacity - 1);
        scope->table[i] = symbol;
    };
    if ((count + 1) * 4 > scope->table_capacity * 3) {
        scope->table_capacity = scope->table_capacity ? scope->table_capacity * 2 : 8;
        scope->table = arena_.make_array<Symbol*>(scope->table_capacity);
        for (Symbol* symbol : open_scope->symbol_list) place(symbol);
    }
    auto* symbol = arena_.make<Symbol>(name);
    open_scope->symbol_list.push_back(symbol);
    place(symbol);
    return symbol;
}

Symbol* ScopeAnalyser::mention_in(OpenScope* scope, const Identifier* mangled, uint16_t flags,
                                  const Span& place) {
    Symbol* symbol = scope->find_mangled(mangled);
    if (!symbol) symbol = add_symbol(scope, mangled);
    if ((flags & kSymParameter) && (symbol->flags & kSymParameter)) {
        raise(place, "duplicate argument '" + std::string(mangled->text) + "' in function definition");
    }
    if (scope->in_iteration_target && (flags & kSymAssigned)) {
        if (symbol->flags & (kSymGlobal | kSymNonlocal)) {
            raise(place, "comprehension inner loop cannot rebind assignment expression target '" +
                             std::string(mangled->text) + "'");
        }
        flags |= kSymIteration;
    }
    symbol->flags |= flags;
    return symbol;
}

// Records in the current scope what is done with a name.
Symbol* ScopeAnalyser::mention(const Identifier* name, uint16_t flags, const Span& place) {
    return mention_in(current_, mangle(arena_, class_name_, name), flags, place);
}

// ---- resolution ------------------------------------------------------------------------------------------

// Looks for the variable that `symbol` of `scope` means in the functions around it. If there is one, it
// becomes a cell, and every scope in between hands it on.
bool ScopeAnalyser::capture(OpenScope* scope, Symbol* symbol) {
    const Identifier* name = symbol->name;
    OpenScope* owner = scope->outer();
    const bool is_class_cell = name->text == "__class__";
    for (; owner; owner = owner->outer()) {
        if (owner->kind == ScopeKind::Module) return false;
        if (owner->kind == ScopeKind::Class) {
            if (!is_class_cell) continue;
            owner->has_class_cell = true;
            break;
        }
        Symbol* found = owner->find_mangled(name);
        if (!found || (found->flags & kSymNonlocal)) continue;
        if (found->flags & kSymGlobal) return false;
        if (found->flags & kBound) {
            found->kind = NameKind::Cell;
            break;
        }
    }
    if (!owner) return false;
    for (OpenScope* between = scope->outer(); between != owner; between = between->outer()) {
        Symbol* handed_on = between->find_mangled(name);
        if (!handed_on) {
            handed_on = add_symbol(between, name);
            handed_on->kind = NameKind::Free;
        }
        handed_on->free = 0;  // some index: number() gives the right one
    }
    symbol->kind = NameKind::Free;
    symbol->free = 0;
    return true;
}

void ScopeAnalyser::resolve_symbol(OpenScope* scope, Symbol* symbol) {
    auto place_of = [&] {
        for (const OpenScope::Directive& directive : scope->directives) {
            if (directive.symbol == symbol) return directive.place;
        }
        return Span{};
    };
    const std::string name(symbol->name->text);
    if (symbol->flags & kSymGlobal) {
        if (symbol->flags & kSymNonlocal) raise(place_of(), "name '" + name + "' is nonlocal and global");
        symbol->kind = NameKind::GlobalExplicit;
        return;
    }
    if (symbol->flags & kSymNonlocal) {
        if (scope->kind == ScopeKind::Module) {
            raise(place_of(), "nonlocal declaration not allowed at module level");
        } else if (!capture(scope, symbol)) {
            raise(place_of(), "no binding for nonlocal '" + name + "' found");
        }
        return;
    }
    if (scope->kind == ScopeKind::Module) {
        symbol->kind = NameKind::GlobalImplicit;
    } else if (symbol->flags & kBound) {
        if (symbol->kind != NameKind::Cell) symbol->kind = NameKind::Local;
    } else if (!capture(scope, symbol)) {
        symbol->kind = NameKind::GlobalImplicit;
    }
}

// Outer scopes first. A scope may still get symbols to hand on while its inner scopes are resolved.
void ScopeAnalyser::resolve(OpenScope* scope) {
    name_scope(scope);
    const uint32_t count = scope->symbol_list.size();
    for (uint32_t i = 0; i < count; i++) resolve_symbol(scope, scope->symbol_list[i]);
    for (Scope* child : scope->child_list) resolve(static_cast<OpenScope*>(child));
    number(scope);
}

void ScopeAnalyser::number(OpenScope* scope) {
    scope->symbols = scope->symbol_list.seq();
    scope->children = scope->child_list.seq();
    ArenaVector<Symbol*> locals(arena_), cells(arena_), frees(arena_);
    const bool has_registers = scope->is_function();
    for (Symbol* symbol : scope->symbols) {
        const bool is_local = symbol->kind == NameKind::Local || symbol->kind == NameKind::Cell;
        if (has_registers && is_local) {
            symbol->local = locals.size();
            locals.push_back(symbol);
        }
        if (has_registers && symbol->kind == NameKind::Cell) {
            symbol->cell = cells.size();
            cells.push_back(symbol);
        }
        if (symbol->free != kNoIndex) frees.push_back(symbol);
    }
    if (scope->has_class_cell) {
        auto* cell = arena_.make<Symbol>(arena_.intern("__class__"));
        cell->kind = NameKind::Cell;
        cell->cell = 0;
        cells.push_back(cell);
    }
    std::sort(frees.begin(), frees.end(),
              [](const Symbol* a, const Symbol* b) { return a->name->text < b->name->text; });
    for (uint32_t i = 0; i < frees.size(); i++) frees[i]->free = i;
    scope->locals = locals.seq();
    scope->cells = cells.seq();
    scope->frees = frees.seq();
}

// "C.f.<locals>.g"; a function declared global in the scope around it starts afresh.
void ScopeAnalyser::name_scope(OpenScope* scope) {
    scope->qualname = scope->name->text;
    const Scope* parent = scope->parent;
    if (!parent || parent->kind == ScopeKind::Module) return;
    if (scope->kind == ScopeKind::Function || scope->kind == ScopeKind::Class) {
        const Symbol* own = parent->find_mangled(mangle(arena_, *parent, scope->name));
        if (own && (own->flags & kSymGlobal)) return;
    }
    const bool is_function = parent->kind == ScopeKind::Function || parent->kind == ScopeKind::Lambda;
    scope->qualname = arena_.concat({parent->qualname, is_function ? ".<locals>." : ".", scope->name->text});
}

void ScopeAnalyser::run(ModNode* module) {
    keyword_seen_ = arena_.make_array<uint32_t>(arena_.identifier_count());
    OpenScope* scope = open(ScopeKind::Module, module, "<module>");
    switch (module->kind) {
        case NodeKind::Module:
            statements(as<Module>(module)->body);
            break;
        case NodeKind::Interactive:
            statements(as<Interactive>(module)->body);
            break;
        default:
            expression(as<Expression>(module)->body);
            break;
    }
    if (!result_.error) resolve(scope);
    if (!result_.error) result_.module = scope;
}

ScopeResult analyse_scopes(ModNode* module, const Source& source, Arena& arena, const ScopeOptions& options) {
    ScopeResult result;
    try {
        ScopeAnalyser(source, arena, options, result).run(module);
    } catch (const ArenaExhausted&) {
        result.module = nullptr;
        result.out_of_memory = true;
    }
    return result;
}

}  // namespace gen
