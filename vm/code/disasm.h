// Code as text, in the language of assembler.h: what `gen --dis` prints and golden tests compare.
#pragma once
#include "vm/code/code.h"

#include <string>

namespace gen {

struct DisasmOptions {
    bool positions = false;  // `.at` lines, without which an assembled copy has no line numbers
    bool nested = true;      // also the codes among the constants
};

// Assembling the result with the same options and disassembling again gives the same text.
std::string disassemble(const Code& code, const DisasmOptions& options = {});
// One instruction, for traces: "LOAD_CONST       r1, 'abc'". Jumps are shown as word numbers.
std::string disassemble_instruction(const Code& code, uint32_t pc);
// A constant as the assembler reads it. Nested codes are "@?".
std::string constant_text(Value v);

}  // namespace gen
