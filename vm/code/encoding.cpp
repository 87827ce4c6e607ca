#include "vm/code/encoding.h"

namespace gen {

static constexpr Op find_original(Op op) {
    switch (op) {
        case Op::MOVE_PAIR_SEND:
            return Op::MOVE_PAIR;
        case Op::JUMP_TO_YIELD:
            return Op::JUMP;
        case Op::ADD_FLOAT:
            return Op::ADD;
        case Op::SUB_FLOAT:
            return Op::SUB;
        case Op::MUL_FLOAT:
        case Op::MUL_ADD_FLOAT:
        case Op::MUL_SUB_FLOAT:
            return Op::MUL;
        case Op::LOAD_GLOBAL_HIT:
        case Op::LOAD_BUILTIN_HIT:
            return Op::LOAD_GLOBAL;
        case Op::STORE_GLOBAL_HIT:
            return Op::STORE_GLOBAL;
        case Op::GET_ATTR_SLOT:
        case Op::GET_ATTR_CLASS:
        case Op::GET_ATTR_TYPE:
        case Op::GET_ATTR_MODULE:
            return Op::GET_ATTR;
        case Op::SET_ATTR_SLOT:
        case Op::SET_ATTR_ADD:
            return Op::SET_ATTR;
        case Op::FOR_ITER_GEN:
        case Op::FOR_ITER_LIST:
        case Op::FOR_ITER_RANGE:
            return Op::FOR_ITER;
        case Op::CALL_FUNCTION:
        case Op::CALL_GENERATOR:
        case Op::CALL_NATIVE:
        case Op::CALL_BUILTIN_CLASS:
        case Op::CALL_CLASS:
            return Op::CALL;
        case Op::LOAD_METHOD_HIT:
            return Op::LOAD_METHOD;
        case Op::INVOKE_HIT:
        case Op::INVOKE_MODULE:
        case Op::INVOKE_SEND:
            return Op::INVOKE;
        case Op::YIELD_FROM_NEW:
            return Op::GET_YIELD_FROM;
        case Op::AWAIT_NEW:
            return Op::GET_AWAITABLE;
        default:
            return op;
    }
}

static constexpr Tail find_tail(Op op, unsigned words, unsigned flags) {
    switch (find_original(op)) {
        case Op::LOAD_GLOBAL:
        case Op::STORE_GLOBAL:
            return Tail::GlobalCaches;
        case Op::GET_ATTR:
        case Op::LOAD_METHOD:
            return Tail::CachedResult;
        case Op::SET_ATTR:
            return Tail::CachedScratch;
        case Op::LOAD_CLASS_FREE:
        case Op::CALL_KW:
            return Tail::ResultConstant;
        case Op::STORE_NAME:
        case Op::DELETE_NAME:
        case Op::DEL_ATTR:
        case Op::SET_ITEM:
        case Op::DEL_ITEM:
        case Op::CLOSE_ITER:
        case Op::LIST_EXTEND:
        case Op::SET_ADD:
        case Op::SET_UPDATE:
        case Op::MAP_SET:
        case Op::MAP_UPDATE:
            return Tail::Scratch;
        case Op::INVOKE:
            return Tail::Invoke;
        case Op::FOR_ITER:
            return Tail::Jump;
        case Op::UNPACK:
        case Op::UNPACK_STAR:
            return Tail::Unpack;
        case Op::WITH_ENTER:
            return Tail::Enter;
        default:
            return words == 3 && (flags & JUMPS) ? Tail::Branch : Tail::None;
    }
}

// What is no opcode has one word and no tail.
template <class T, class F>
static constexpr OpTable<T> op_table(T other, F of) {
    OpTable<T> table{};
    for (T& item : table.items) item = other;
#define OP(name, format, words, flags, meaning) table.items[int(Op::name)] = of(Op::name, words, flags);
#include "vm/code/opcodes.def"
#undef OP
    return table;
}
constinit const OpTable<uint8_t> kOpWords =
    op_table<uint8_t>(1, [](Op, unsigned words, unsigned) { return uint8_t(words); });
constinit const OpTable<Tail> kTails = op_table<Tail>(Tail::None, find_tail);

Op original_of(Op op) { return find_original(op); }

bool takes_scratch(Op op) {
    Tail t = tail_of(op);
    return t == Tail::CachedScratch || t == Tail::Scratch || t == Tail::Branch || t == Tail::Unpack;
}

bool takes_extra_constant(Op op) {
    Tail t = tail_of(op);
    return t == Tail::ResultConstant || t == Tail::Invoke;
}

unsigned unpack_count(Instruction i) {
    return i.op() == Op::UNPACK_STAR ? (i.c() & 255) + (i.c() >> 8) + 1 : i.c();
}

// JUMP_IF_FALSE and JUMP_NOT_... jump when the result is false.
static Op branch_of(Op op) {
    if (op == Op::JUMP_IF_FALSE) return Op::BRANCH_FALSE;
    bool negated = (op >= Op::JUMP_NOT_LT && op <= Op::JUMP_NOT_GE) ||
                   (op >= Op::JUMP_NOT_LT_INT && op <= Op::JUMP_NOT_GE_INT);
    return negated ? Op::BRANCH_FALSE : Op::BRANCH_TRUE;
}

unsigned encode(Instruction first, unsigned scratch, uint32_t extra_constant, Instruction out[kMaxWords]) {
    Op op = first.op();
    out[0] = first;
    auto landing = [](unsigned a, uint32_t d = 0) { return Instruction::ad(Op::LANDING, a, int32_t(d)); };
    switch (tail_of(op)) {
        case Tail::None:
            break;
        case Tail::GlobalCaches:
            out[1] = out[2] = Instruction{};
            break;
        case Tail::CachedResult:
            out[1] = Instruction{};
            out[2] = landing(first.a());
            break;
        case Tail::CachedScratch:
            out[1] = Instruction{};
            out[2] = landing(scratch);
            break;
        case Tail::Result:
            out[1] = landing(first.a());
            break;
        case Tail::ResultConstant:
            out[1] = landing(first.a(), extra_constant);
            break;
        case Tail::Scratch:
            out[1] = landing(scratch);
            break;
        case Tail::Invoke:
            out[1] = Instruction{};
            out[2] = Instruction{extra_constant};
            out[3] = landing(first.a());
            break;
        case Tail::Branch:
            out[1] = landing(scratch);
            out[2] = Instruction::ad(branch_of(op), scratch, 0);
            break;
        case Tail::Jump:
            out[1] = Instruction::ad(Op::JUMP, 0, 0);
            break;
        case Tail::Unpack:
            out[1] = landing(scratch);
            out[2] = Instruction::abc(Op::UNPACK_RESULT, first.a(), scratch, unpack_count(first));
            break;
        case Tail::Enter:
            out[1] = landing(first.a() + 1);
            break;
    }
    return op_words(op);
}

unsigned scratch_of(const Instruction* at) {
    switch (tail_of(at->op())) {
        case Tail::CachedScratch:
            return at[2].a();
        case Tail::Scratch:
        case Tail::Branch:
        case Tail::Unpack:
            return at[1].a();
        default:
            return 0;
    }
}

uint32_t extra_constant_of(const Instruction* at) {
    switch (tail_of(at->op())) {
        case Tail::ResultConstant:
            return uint32_t(at[1].d());
        case Tail::Invoke:
            return uint32_t(at[2].bits);
        default:
            return 0;
    }
}

JumpField jump_field(Op op) {
    const char* format = op_info(op).format;
    return format[1] == 'j' ? JumpField::D : format[2] == 'J' ? JumpField::C : JumpField::None;
}

static Instruction with_d(Instruction i, int64_t d) {
    return {(i.bits & 0xffffffff) | uint64_t(uint32_t(int32_t(d))) << 32};
}

static bool set_distance(Instruction* words, int64_t distance) {
    Instruction& i = words[0];
    if (jump_field(i.op()) == JumpField::D) {
        i = with_d(i, distance);
    } else {
        if (distance > kMaxShortJump || distance < -kMaxShortJump) return false;
        i.bits = (i.bits & 0xffffffffffff) | uint64_t(uint16_t(distance)) << 48;
    }
    switch (tail_of(i.op())) {
        case Tail::Branch:
            words[2] = with_d(words[2], distance - 2);
            break;
        case Tail::Jump:
            words[1] = with_d(words[1], distance - 1);
            break;
        default:
            break;
    }
    return true;
}

bool set_jump(Instruction* code, uint32_t pc, uint32_t target) {
    return set_distance(code + pc, int64_t(target) - int64_t(pc));
}

uint32_t jump_target(const Instruction* code, uint32_t pc) {
    Instruction i = code[pc];
    return uint32_t(int64_t(pc) + (jump_field(i.op()) == JumpField::D ? i.d() : i.sc()));
}

void original_words(const Instruction* code, uint32_t pc, Instruction out[kMaxWords]) {
    Instruction first = code[pc];
    first.bits = (first.bits & ~uint64_t{0xff}) | uint64_t(original_of(first.op()));
    encode(first, scratch_of(code + pc), extra_constant_of(code + pc), out);
    if (jump_field(first.op()) != JumpField::None)
        set_distance(out, int64_t(jump_target(code, pc)) - int64_t(pc));
    mark_landing(out);
}

// Which word of an instruction is its LANDING? 0: none. (A word of data may look like one.)
static unsigned landing_word(Op op) {
    switch (tail_of(op)) {
        case Tail::None:
        case Tail::GlobalCaches:
        case Tail::Jump:
            return 0;
        case Tail::CachedResult:
        case Tail::CachedScratch:
            return 2;
        case Tail::Invoke:
            return 3;
        default:
            return 1;
    }
}

void mark_landing(Instruction* words) {
    if (unsigned n = landing_word(words->op())) words[n].bits = (words[n].bits & ~uint64_t{0xff00}) | n << 8;
}

Window window_of(Instruction i) {
    switch (original_of(i.op())) {
        case Op::CALL:
        case Op::CALL_KW:
        case Op::INVOKE:
            return {i.b(), i.c() + 1};
        case Op::CALL_METHOD:
            return {i.b(), i.c() + 2};
        case Op::CALL_EX:
        case Op::CALL_SUPER:
        case Op::BUILD_SLICE:
            return {i.b(), 3};
        case Op::BUILD_LIST:
        case Op::BUILD_TUPLE:
        case Op::BUILD_SET:
        case Op::BUILD_STRING:
        case Op::INTRINSIC:
            return {i.b(), i.c()};
        case Op::BUILD_MAP:
            return {i.b(), 2 * i.c()};
        case Op::UNPACK:
        case Op::UNPACK_STAR:
            return {i.a(), unpack_count(i)};
        case Op::UNPACK_RESULT:
            return {i.a(), i.c()};
        case Op::LOAD_METHOD:
        case Op::WITH_ENTER:
        case Op::PUSH_HANDLED:
        case Op::POP_HANDLED:
        case Op::CLOSE_ITER:
            return {i.a(), 2};
        case Op::MAKE_FUNCTION:
            return {i.b(), unsigned(__builtin_popcount(i.x() & 15))};
        default:
            return {};
    }
}

}  // namespace gen
