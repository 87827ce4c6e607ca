// Makes the objects that a Code is made of: constants, names, the Code itself. The compiler and the assembler
// build through it; nothing here is a safepoint, so what it made needs no rooting until the caller reaches
// one.
//
// Errors: when memory ends, failed() becomes true and stays so; values are unbound and code() answers null
// then.
#pragma once
#include "vm/code/code.h"
#include "vm/data/string.h"

#include <span>

namespace gen {

// The parts of a Code, as views that are copied.
struct CodeParts {
    std::span<const Instruction> instructions;
    std::span<const Value> constants;
    std::span<const ExceptionEntry> exceptions;
    std::span<const PositionEntry> positions;
    std::span<const Value> locals, cell_names, free_names;
    std::span<const uint16_t> cell_parameters;
    Value name, qualname, filename, doc = Value::none();
    uint32_t code_flags = 0;
    uint32_t registers = 1;
    uint16_t positional_only = 0, positional = 0, keyword_only = 0;
    uint16_t locals_register = kNoRegister;
    uint32_t first_line = 1;
};

class CodeBuilder {
  public:
    CodeBuilder(Heap& heap, StringTable& strings) : heap_(heap), strings_(strings) {}

    Value str(std::string_view text, bool interned);  // generalised UTF-8, well-formed
    Value bytes(std::string_view content);
    Value integer(int64_t i);
    Value integer(__int128 i);
    Value integer(std::string_view digits, int base, bool negative);
    Value real(double d);
    Value complex(double real, double imag);
    Value tuple(std::span<const Value> items);
    Value frozenset(std::span<const Value> items);  // of hashable constants
    Code* code(const CodeParts& parts);
    bool failed() const { return failed_; }

  private:
    Value checked(void* object);
    Blob* blob(const void* data, size_t bytes);  // null for nothing
    Heap& heap_;
    StringTable& strings_;
    bool failed_ = false;
};

// What follows from the other parts of a code.
void set_frame_size(Code*);
bool note_caches(Heap&, Code*);  // fills Code::caches; false: out of memory
uint32_t count_self_attributes(const Code&);

}  // namespace gen
