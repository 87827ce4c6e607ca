// How an instruction of several words is laid out behind its first word (see opcodes.def). The compiler, the
// assembler, the disassembler and the verifier share this one description.
#pragma once
#include "vm/code/code.h"

namespace gen {

// What follows the first word.
enum class Tail : uint8_t {
    None,
    GlobalCaches,    // two cache words
    CachedResult,    // cache, LANDING of A
    CachedScratch,   // cache, LANDING of a scratch register
    Result,          // LANDING of A
    ResultConstant,  // LANDING of A, whose D is a constant
    Scratch,         // LANDING of a scratch register
    Invoke,          // cache, index of the constant that is the method's name, LANDING of A
    Branch,          // LANDING of a scratch register, BRANCH_TRUE or BRANCH_FALSE of it
    Jump,            // JUMP to the place that the first word names
    Unpack,          // LANDING of a scratch register, UNPACK_RESULT of it
    Enter,           // LANDING of A + 1
};
extern const OpTable<Tail> kTails;
inline Tail tail_of(Op op) { return kTails.items[int(op)]; }
Op original_of(Op op);             // what the compiler emits for it: itself, unless it is a quickened form
bool takes_scratch(Op op);         // Tail CachedScratch, Scratch, Branch or Unpack
bool takes_extra_constant(Op op);  // Tail ResultConstant or Invoke
inline bool has_attribute_cache(Op op) {  // listed in Code::caches
    Tail t = tail_of(op);
    return t == Tail::CachedResult || t == Tail::CachedScratch || t == Tail::Invoke;
}
// The number of targets of UNPACK and UNPACK_STAR.
unsigned unpack_count(Instruction i);

// Writes all words of the instruction to `out`; jumps are left open. Answers their number.
constexpr unsigned kMaxWords = 4;
unsigned encode(Instruction first, unsigned scratch, uint32_t extra_constant, Instruction out[kMaxWords]);
// The words of the instruction at `pc` as they were before it was run: not quickened, caches empty.
void original_words(const Instruction* code, uint32_t pc, Instruction out[kMaxWords]);
// A LANDING knows, in X, how far back its instruction starts.
void mark_landing(Instruction* words);
// The scratch register and the extra constant of an encoded instruction, 0 where it has none.
unsigned scratch_of(const Instruction* at);
uint32_t extra_constant_of(const Instruction* at);

// ---- jumps
enum class JumpField : uint8_t { None, C, D };
JumpField jump_field(Op op);
constexpr int32_t kMaxShortJump = 0x7fff;
// Directs the jump at `pc` (and its second half, if any) to `target`. False: too far for a field of 16 bits.
bool set_jump(Instruction* code, uint32_t pc, uint32_t target);
uint32_t jump_target(const Instruction* code, uint32_t pc);

// Which operand a letter of OpInfo::format stands for, as a number: A, B and C; D when the letter is lower
// case.
inline bool is_wide(const OpInfo& info, int operand) {
    return operand == 1 && info.format[1] >= 'a' && info.format[1] <= 'z';
}

// The registers that an operand reads or writes beyond the first one: [first, first + count).
struct Window {
    unsigned first = 0, count = 0;
};
// The run of registers that the instruction addresses through one operand; count 0: none.
Window window_of(Instruction i);

}  // namespace gen
