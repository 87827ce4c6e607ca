// Bytecode from text, for tests of the VM and for golden files. A line holds one of (`;` starts a comment):
//
//   .code [@n] 'name' flag ...   begins a code; the first is the result, others are its constants, by @n
//   .qualname 'text'   .filename 'text'   .doc 'text'   .first_line n   .keyword_only n
//   .positional n [of them positional-only]
//   .locals name ...   .cells name ...   .frees name ...   names bare or quoted
//   .cell_parameters r0 ...
//   .registers n                 at least so many; those that instructions name are counted anyway
//   .const n literal             those that instructions name are added anyway
//   .at line:column-line:column  the position of what follows
//   .line n                      the same, without columns
//   .landing line:column-...     the position of the last word of the next instruction
//   Label:
//   [pc] MNEMONIC operand, ...   r5 or - (register), number, literal, Label; then x=n; a=n b=n c=n for
//                                fields that the format does not name; ~r5 for the scratch register
//   .exception L1 L2 -> L3 r5
//
// Literals: None True False Ellipsis unbound 12 -0x1f 1.5 inf nan 'text' b'text' (1, 'a') {1, 2}
//           complex(1.0, 2.0) @3
#pragma once
#include "vm/code/builder.h"

#include <string>

namespace gen {

struct AssembleResult {
    Code* code = nullptr;  // null: see error
    std::string error;     // "line 3: unknown instruction FOO"
};

AssembleResult assemble(CodeBuilder& builder, std::string_view text);

}  // namespace gen
