// Compiling and running program text for scripts: compile(), exec(), eval(), modules.
#pragma once
#include "runtime/host/host.h"
#include "vm/compile/compile.h"

namespace gen {

// Null: raised (SyntaxError, MemoryError ...). Warnings go to sys.stderr, or into `warnings` if that is given.
Code* compile_source(VM&, const Source&, const CompileOptions&, std::vector<Diagnostic>* warnings = nullptr);
// The same for a whole program, which answers the value of its last statement if that is an expression, else None.
Code* compile_answering(VM&, const Source&, CompileOptions);
// An exception object for a diagnostic.
Value syntax_error(VM&, const Diagnostic&, std::string_view filename);
// What CPython prints for a SyntaxWarning: "file:3: SyntaxWarning: message" and the line.
void print_warnings(VM&, const std::vector<Diagnostic>&, const std::string& filename);
// A request to run the code: as module code, or with `locals` if it is namespace code.
Outcome call_code(VM&, Code*, Dict* globals, Value locals);

void define_evaluation(VM&);  // compile, exec, eval in builtins

}  // namespace gen
