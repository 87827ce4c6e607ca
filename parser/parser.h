// Tokens to AST: the whole grammar of Python 3.11 (f-strings nest as in 3.12), by recursive descent with
// precedence climbing. Depth is checked (ast.h, "Depth"), so that any text at all parses within a C stack of
// 256 KB.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lexer/diagnostic.h"
#include "lexer/lexer.h"
#include "lexer/source.h"
#include "parser/ast.h"

namespace gen {

enum class ParseMode : uint8_t {
    File,         // a module: any number of statements -> ast::Module
    Eval,         // one expression -> ast::Expression
    Interactive,  // one statement of the REPL -> ast::Interactive
};

struct ParseOptions {
    ParseMode mode = ParseMode::File;
    // Allow `await`, `async for` and `async with` outside of functions (an asyncio REPL).
    bool top_level_await = false;
    // Treat the file as if it began with `from __future__ import annotations`.
    bool future_annotations = false;
};

struct ParseResult {
    ast::ModNode* module = nullptr;   // null when there is an error
    std::optional<Diagnostic> error;  // the first error, as CPython reports it
    std::vector<Diagnostic> warnings;
    bool future_annotations = false;  // annotations are not evaluated; unparse() gives their text
    bool out_of_memory = false;       // the arena's limit was reached: a MemoryError
    // What the text lacks, when more lines could make a whole of it; `error` is set all the same.
    Incomplete incomplete = Incomplete::No;
};

// Neither throws nor keeps references into `source`, except that positions refer to its lines.
ParseResult parse(const Source& source, Arena& arena, const ParseOptions& options = {});

// The tree in the format of Python's `ast.dump(tree, indent=2)`; with positions as `include_attributes=True`.
std::string dump_ast(const ast::Node* node, bool with_positions = false);

// The expression as source text, as Python's `ast.unparse` and `from __future__ import annotations` give it.
std::string unparse(const ast::ExprNode* expression);

}  // namespace gen
