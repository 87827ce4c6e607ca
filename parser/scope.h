// Scope analysis: what each name means, in each module, class, function, lambda and comprehension.
//
// analyse_scopes() makes one Scope per such node, hangs it into the node (`FunctionDef::scope`,
// `ListComp::scope` …) and the Symbol that a Name means into the Name (`Name::symbol`). Everything lives in
// the arena of the AST, and is complete and constant once the function has returned.
//
// Where an expression is analysed: decorators, defaults, annotations, bases and the *first* iterable of a
// comprehension belong to the scope around it; the rest of a comprehension is a function scope of its own
// whose only parameter is `.0`. A walrus target inside comprehensions is bound in the nearest scope that is
// none. The same walk checks what the grammar cannot: `return` outside of a function, `x is 1` …
#pragma once

#include <optional>
#include <vector>

#include "lexer/diagnostic.h"
#include "lexer/source.h"
#include "parser/ast.h"

namespace gen {

enum class ScopeKind : uint8_t { Module, Class, Function, Lambda, Comprehension };

// What a name means in one scope.
//
//   Local           function, lambda, comprehension: register Symbol::local
//                   class body: an entry of its namespace
//   Cell            register Symbol::local, boxed, since an inner scope captures it
//                   (of a class: only `__class__`)
//   Free            captured from outside: Symbol::free
//                   class body: the namespace is read first; stored to the cell when declared nonlocal
//   GlobalExplicit  `global x`: the module's namespace, then builtins
//   GlobalImplicit  never bound here: the module's namespace, then builtins (in a class: its own first);
//                   also every name of a module that is not declared global
enum class NameKind : uint8_t { Local, Cell, Free, GlobalExplicit, GlobalImplicit };

enum SymbolFlag : uint16_t {
    kSymUsed = 1 << 0,      // read somewhere in this scope
    kSymAssigned = 1 << 1,  // bound: assignment, def, class, import, for, with, except, walrus, pattern, del
    kSymParameter = 1 << 2,
    kSymGlobal = 1 << 3,     // declared global
    kSymNonlocal = 1 << 4,   // declared nonlocal
    kSymAnnotated = 1 << 5,  // `x: int` (binds the name in a function even without a value)
    kSymImported = 1 << 6,
    kSymDeleted = 1 << 7,  // `del x`, or unbound at the end of `except … as x`: loads must check
    kSymWalrus = 1 << 8,   // target of `:=` here or in a comprehension inside this scope: may be rebound amid
                           // an expression
    kSymIteration = 1 << 9,  // target of this comprehension's `for`
};

constexpr uint32_t kNoIndex = UINT32_MAX;

struct Symbol {
    const Identifier* name;  // mangled: `_C__x` for `__x` inside class C
    NameKind kind = NameKind::GlobalImplicit;
    uint16_t flags = 0;
    uint32_t local = kNoIndex;  // position in Scope::locals (Local and Cell of functions)
    uint32_t cell = kNoIndex;   // position in Scope::cells (Cell)
    // Position in Scope::frees. A class may have one for a name that is Local to it, when it passes the outer
    // variable through to its methods.
    uint32_t free = kNoIndex;
};

struct Scope {
    ScopeKind kind;
    const ast::Node* node;   // Module, Interactive, Expression, FunctionDef, ClassDef, Lambda, ListComp …
    const Identifier* name;  // "f", "C", "<lambda>", "<listcomp>", "<module>"
    std::string_view qualname;               // "C.f.<locals>.g", as in Python
    Scope* parent = nullptr;                 // null for the module
    const Identifier* class_name = nullptr;  // of the nearest class around, for mangling; null: none
    Seq<Scope*> children;                    // in source order

    Seq<Symbol*> symbols;  // in order of first appearance
    // Parameters first, in the order of co_varnames: positional-only, positional, keyword-only, *args,
    // **kwargs. Then the others in order of first appearance. Cells are among them.
    Seq<Symbol*> locals;
    Seq<Symbol*> cells;  // of a class at most `__class__`, a symbol of its own that is not in `symbols`
    Seq<Symbol*> frees;  // what the closure must hold, by name; each is a cell or a free name of `parent`

    uint32_t posonly_count = 0;  // positional-only parameters
    uint32_t arg_count = 0;      // positional parameters, the positional-only ones included
    uint32_t kwonly_count = 0;
    bool has_varargs = false;
    bool has_varkeywords = false;

    bool is_generator = false;  // holds `yield` (in a coroutine: async generator), or a generator expression
    bool is_coroutine = false;  // async def, or a comprehension with `async for` or `await`
    bool is_async_gen() const { return is_generator && is_coroutine; }
    bool is_nested = false;        // stands somewhere inside a function
    bool has_class_cell = false;   // class: a method uses `super` or `__class__`
    bool has_annotations = false;  // module or class with an annotated name: needs `__annotations__`

    // The symbol of a name as written in the source (mangled here), or null when the scope never mentions it.
    Symbol* find(Arena& arena, const Identifier* name) const;
    Symbol* find_mangled(const Identifier* name) const;

    bool is_function() const { return kind >= ScopeKind::Function; }

    Symbol** table = nullptr;  // private: open addressing by Identifier::serial
    uint32_t table_capacity = 0;
};

// `__x` inside class `C` is `_C__x`; every other name is itself. For attributes, imports, defs … in `scope`.
const Identifier* mangle(Arena& arena, const Scope& scope, const Identifier* name);

struct ScopeOptions {
    bool top_level_await = false;     // as in ParseOptions
    bool future_annotations = false;  // as in ParseResult: annotations are not evaluated, so not analysed
};

struct ScopeResult {
    Scope* module = nullptr;  // null when an error was found
    std::optional<Diagnostic> error;
    std::vector<Diagnostic> warnings;
    bool out_of_memory = false;
};

// `source` is the text that `module` was parsed from.
ScopeResult analyse_scopes(ast::ModNode* module, const Source& source, Arena& arena,
                           const ScopeOptions& options = {});

}  // namespace gen
