// Code objects: what the compiler makes and the interpreter runs. A Code is immutable, except that its instructions are
// quickened in place and hold inline caches; caches() lists those words.
#pragma once
#include "vm/data/object.h"

#include <span>
#include <vector>

namespace gen {

enum class Op : uint8_t {
#define OP(name, format, words, flags, meaning) name,
#include "vm/code/opcodes.def"
#undef OP
    kCount
};

enum class Intrinsic : uint8_t {
#define INTRINSIC_OP(name, arguments, meaning) name,
#include "vm/code/intrinsics.def"
#undef INTRINSIC_OP
    kCount
};

struct Instruction {  // one word
    uint64_t bits = 0;

    static Instruction abc(Op op, unsigned a, unsigned b, unsigned c, unsigned x = 0) {
        return {uint64_t(op) | uint64_t(x & 0xff) << 8 | uint64_t(a & 0xffff) << 16 |
                uint64_t(b & 0xffff) << 32 | uint64_t(c & 0xffff) << 48};
    }
    static Instruction ad(Op op, unsigned a, int32_t d, unsigned x = 0) {
        return {uint64_t(op) | uint64_t(x & 0xff) << 8 | uint64_t(a & 0xffff) << 16 |
                uint64_t(uint32_t(d)) << 32};
    }
    Op op() const { return Op(uint8_t(bits)); }
    unsigned x() const { return uint8_t(bits >> 8); }
    unsigned a() const { return uint16_t(bits >> 16); }
    unsigned b() const { return uint16_t(bits >> 32); }
    unsigned c() const { return uint16_t(bits >> 48); }
    int32_t d() const { return int32_t(bits >> 32); }
    int16_t sb() const { return int16_t(bits >> 32); }
    int16_t sc() const { return int16_t(bits >> 48); }
};
static_assert(sizeof(Instruction) == 8);
constexpr unsigned kNoRegister = 0xffff;
constexpr unsigned kMaxCallArguments = 120;  // of one CALL; more go through a list, see Function::Aux
constexpr size_t kFrameHeaderBytes = 40;  // sizeof(Frame), see vm/exec/frame.h; Code::frame_bytes counts it

enum YieldFlags : uint8_t {    // X of YIELD
    kYieldDelegating = 1,      // passes on a value of the foreign iterator of the DELEGATE before it
    kYieldNeedsFinalizer = 4,  // inside try/finally or with: an abandoned generator has to be closed
    kYieldAsync = 8,           // `yield` of an async generator (else, in one: an await)
    kYieldAwait = 16,          // with kYieldDelegating: DELEGATE stands for await
};

enum DelegateFlags : uint8_t {  // X of DELEGATE
    kDelegateAwait = 1,
    kDelegateStepwise = 2,  // inside a handler: see opcodes.def
};

enum class Observed : uint8_t {  // X of OBSERVE: what happens in the generator, with R[A]
    Starts,                      // it runs for the first time (no value); the first instruction of a code
    Yields,                      // the value
    Sent,                        // goes on after a yield: the value sent
    Delegates,                   // begins `yield from` or `await`: the iterator
    Returns,                     // the value
    Thrown,
    Raises,  // not instructions, told by the unwinder: an exception comes in; it leaves, and that is the end
};

// Exceptions raised by instructions with start <= pc < end go to `target`, with the exception in `reg`. Entries do not
// overlap and are sorted by start.
struct ExceptionEntry {
    uint32_t start, end, target;
    uint32_t reg;
};

// Where instructions come from. Sorted by pc; an entry holds up to the next one's pc. Columns are byte offsets in the line,
// from 0; kNoColumn where CPython has none. line 0: no source.
struct PositionEntry {
    uint32_t pc;
    uint32_t line, end_line;
    uint16_t column, end_column;
    static constexpr uint16_t kNoColumn = 0xffff;
};

// Code of the library is *read* when it is first needed (see image.h). Until then `instructions` is null, and so is all
// that stands between it and `name`.
struct Code : Object {
    enum Flags : uint32_t {
        kVarArgs = 1,
        kVarKeywords = 2,
        kGenerator = 4,
        kCoroutine = 8,
        kAsyncGenerator = 16,
        kNested = 32,
        kNewLocals = 64,  // functions; clear: module code, whose locals are its globals
        kNamespace =
            128,  // R[0] is the mapping of local names: class bodies; module code of exec, eval, compile
        kIterableCoroutine = 256,  // types.coroutine
        kHidden = 512,             // prelude: left out of tracebacks
        kAtomic = 1024,            // prelude: not pre-empted
        kFutureAnnotations = 2048,
        kClassBody = 4096,
        kComprehension = 8192,  // a generator expression or comprehension: its parameter is the iterator `.0`
        kIterableResult = 16384,
        kUnbound = 32768,  // library functions that CPython writes in C: no method of a class that holds them
        kNativeLoop = 65536,  // stands for the loop of a native: hardly pre-empted
    };
    Blob* instructions;  // Instruction[]
    Tuple* constants;
    Blob* exceptions;  // ExceptionEntry[]; null: none
    Blob* positions;   // PositionEntry[], or null: none, or those of the image; see positions_of()
    Blob* caches;   // uint32_t[]: instructions with inline caches of attributes: cells and shapes; null: none
    Tuple* locals;  // names of registers 0 .. n-1: positional parameters, keyword-only ones, *args, **kwargs,
                    // other locals (a captured local's register holds its Cell, and the name stands here too)
    Tuple* cell_names;      // those of `locals` that are cells
    Tuple* free_names;      // in order of the closure
    Blob* cell_parameters;  // uint16_t[]: registers of parameters that MAKE_CELL turns into cells at the
                            // start; null: none
    Value name, qualname, filename, doc;
    uint32_t code_flags;
    uint32_t registers;        // of a frame, at least 1
    uint16_t positional_only;  // of `positional`
    uint16_t positional;       // number of positional parameters, positional-only ones included
    uint16_t keyword_only;
    uint16_t
        locals_register;  // keeps the dict that locals() answers; kNoRegister: nothing in the code asks for it
    uint32_t first_line;
    uint32_t frame_bytes;      // size of a Frame for it, as the heap's size class rounds it up
    uint32_t frame_class;      // that size class; 0: too large for one
    uint32_t self_attributes;  // how many attributes it sets on its first parameter
    uint32_t image_index;
    const uint8_t*
        image;  // where it was read from, or will be: constant data of the program. Null: elsewhere
    Array* image_strings;  // the strings of the image that exist already; null once the code is read

    bool is_read() const { return instructions; }
    const Instruction* entry() const { return reinterpret_cast<const Instruction*>(instructions->data); }
    uint32_t length() const { return uint32_t(instructions->size / 8); }
    bool resumable() const { return code_flags & (kGenerator | kCoroutine | kAsyncGenerator); }
    unsigned parameters() const {
        return positional + keyword_only + !!(code_flags & kVarArgs) + !!(code_flags & kVarKeywords);
    }
};

// ---- what is known about opcodes (opcode_info.cpp)
enum OpFlags : uint8_t { CALLS = 1, RAISES = 2, JUMPS = 4, ENDS = 8 };
struct OpInfo {
    const char* name;
    const char* format;  // see opcodes.def
    uint8_t words;
    uint8_t flags;
    const char* meaning;
};
const OpInfo& op_info(Op op);
template <class T>
struct OpTable {
    T items[256];
};
extern const OpTable<uint8_t> kOpWords;
inline unsigned op_words(Op op) { return kOpWords.items[int(op)]; }  // op_info(op).words, at once
const char* intrinsic_name(Intrinsic i);
unsigned intrinsic_arguments(Intrinsic i);
const char* code_flag_name(unsigned bit);  // of Code::Flags, as the assembler names it; null beyond the last

// What a table of a code holds; nothing where it is null.
template <class T>
std::span<const T> items_of(const Blob* b) {
    if (!b) return {};
    return {reinterpret_cast<const T*>(b->data), b->size / sizeof(T)};
}
// The source position of the instruction that covers word `pc`; line 0 when unknown.
PositionEntry position_of(const Code& code, uint32_t pc);
std::vector<PositionEntry> positions_of(const Code& code);  // all of them
// The entry of the exception table that covers word `pc`, or null.
const ExceptionEntry* handler_of(const Code& code, uint32_t pc);

}  // namespace gen
