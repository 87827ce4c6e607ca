// AST to bytecode: one Code for the module, with the codes of its functions, classes and comprehensions among
// the constants.
//
// The result lies on the collected heap; compiling is no safepoint, so the caller may root it afterwards.
// What was allocated in the arena is needed no longer then.
#pragma once
#include "parser/parser.h"
#include "parser/scope.h"
#include "vm/code/builder.h"

namespace gen {

struct CompileOptions {
    // File: names of the module are globals. The others are for compile(), exec() and eval(): names are read
    // and stored through the mapping of locals in R[0] (code flag kNamespace). Single prints the value of
    // expression statements.
    enum class Mode : uint8_t { File, Exec, Eval, Single };
    Mode mode = Mode::File;
    std::string filename = "<string>";
    uint32_t code_flags = 0;          // for every code: kHidden, kAtomic
    bool future_annotations = false;  // as if the text began with that import
    bool top_level_await = false;     // the module's code is a coroutine if it awaits
    bool observe_generators = false;  // generators tell the VM's observer what goes in and out: see OBSERVE
};

struct CompileResult {
    Code* code = nullptr;  // null: see the others
    std::optional<Diagnostic> error;
    std::vector<Diagnostic> warnings;
    bool out_of_memory = false;
    bool future_annotations = false;  // the text asks for it; later lines of a REPL inherit it
    Incomplete incomplete = Incomplete::No;
};

// Parses, analyses and compiles a text.
CompileResult compile(CodeBuilder& builder, const Source& source, const CompileOptions& options);
// The same for a tree that analyse_scopes() has been through; `module` is the scope of the whole.
CompileResult compile_tree(CodeBuilder& builder, Arena& arena, const Source& source, const ast::ModNode* tree,
                           Scope* module, const CompileOptions& options);

}  // namespace gen
