// The dispatch loop. The instructions stand here and in the interp_*.inc, which are parts of one function.
//
// Rules for whoever adds an opcode:
//  1. Operands are read with A, B, C, D while pc is still at the instruction.
//  2. Before anything that can raise, call, collect or look at the frame: SAVE(n), which stores the pc of the landing
//     (the instruction's last word; n words after pc) into fr->pc, and fr into vm.frame.
//  3. What may run script code answers an Outcome and goes through LAND, which stores a value at the landing's A and goes on
//     behind it, or continues wherever else the outcome leads.
//  4. Nothing keeps a pointer into a frame, a list or a table across LAND, or across a safepoint.
//  5. A collection happens in LAND and at safepoints only: plain C++ between two of them needs no rooting.
//  6. A store into an object (not into a register of the running frame) is followed by vm.heap.write(object).
//  7. Backward jumps and calls count against the budget: they are the safepoints.
//  8. Fast paths do not call: a call inside a handler costs pushes and pops even when it is not reached. Slow paths are functions
//     that are called last, through LAND or RESUME.
#include "vm/data/compare.h"
#include "vm/exec/exec.h"

#include <cassert>
#include <cmath>

namespace gen {

namespace {

// How the cached words of LOAD_BUILTIN_HIT combine a dict's version with the position of an entry.
constexpr int kIndexBits = 20;

template <CompareOp op, class T>
inline bool compare_plain(T a, T b) {
    if constexpr (op == CompareOp::Lt)
        return a < b;
    else if constexpr (op == CompareOp::Le)
        return a <= b;
    else if constexpr (op == CompareOp::Eq)
        return a == b;
    else if constexpr (op == CompareOp::Ne)
        return a != b;
    else if constexpr (op == CompareOp::Gt)
        return a > b;
    else
        return a >= b;
}

inline uint32_t kind_and_aux(const Object* o) {
    uint16_t w;
    std::memcpy(&w, reinterpret_cast<const char*>(o) + 4, 2);
    return w;
}
constexpr uint32_t plain_function(unsigned count) { return uint32_t(Kind::Function) | count << 8; }
constexpr uint32_t plain_native(unsigned count) { return uint32_t(Kind::Native) | count << 8; }

// Are a and b, texts or None, equal? 1: yes, 0: no, -1: that takes a closer look.
inline int equal_at_once(Value a, Value b) {
    auto is_text = [](Value v) { return v.is_object() && v.as_object()->shape == kShapeStr; };
    if (!is_text(a)) return !a.is_none() ? -1 : b.is_none() ? 1 : is_text(b) ? 0 : -1;
    if (!is_text(b)) return b.is_none() ? 0 : -1;
    if (a.is(b)) return 1;
    const Str *x = a.as<Str>(), *y = b.as<Str>();
    return x->size != y->size || (x->flags & y->flags & kInterned) ? 0 : -1;
}

// The instruction at pc has found floats: as which form does it go on?
inline void quicken_float(Instruction* pc, Op form) {
    const Instruction next = pc[1];
    const bool takes_left = next.b() == pc->a(), takes_right = next.c() == pc->a();
    if (form == Op::MUL_FLOAT && (next.op() == Op::ADD || next.op() == Op::ADD_FLOAT) &&
        (takes_left || takes_right))
        form = Op::MUL_ADD_FLOAT;
    else if (form == Op::MUL_FLOAT && (next.op() == Op::SUB || next.op() == Op::SUB_FLOAT) && takes_right)
        form = Op::MUL_SUB_FLOAT;
    *reinterpret_cast<uint8_t*>(pc) = uint8_t(form);
}

// The header of an object as one word, and without its flags; that of a generator which has not started.
inline uint64_t header_but_flags(const Object* o) {
    uint64_t word;
    std::memcpy(&word, static_cast<const void*>(o), 8);
    return word << 8;
}
constexpr uint64_t new_generator(BuiltinShape shape) {
    return (shape | uint64_t(Kind::Generator) << 32 | uint64_t(kCreated) << 48) << 8;
}
constexpr uint64_t kNewGenerator = new_generator(kShapeGenerator),
                   kNewCoroutine = new_generator(kShapeCoroutine);

// Is the next instruction the DELEGATE of this one, outside try, with and handlers?
inline bool delegates_next(const Instruction* pc) {
    return pc[1].op() == Op::DELEGATE && pc[1].b() == pc->a() && !(pc[1].x() & kDelegateStepwise) &&
           !(pc[2].x() & kYieldNeedsFinalizer);
}

// The header of a frame as one word: see FramePool, `shape` holds the frame's size.
inline void start_frame(Frame* f, uint32_t bytes) {
    uint64_t word = bytes | uint64_t(Kind::Frame) << 32 | uint64_t(kRunning) << 48;
    std::memcpy(static_cast<void*>(f), &word, 8);
}

}  // namespace

// An instruction is a line where it can be one.
// clang-format off

// One function, so that pc, fr and vm stay in registers.
#define PC16(n) (reinterpret_cast<const uint16_t*>(pc)[n])
#define A PC16(1)
#define B PC16(2)
#define C PC16(3)
#define X (reinterpret_cast<const uint8_t*>(pc)[1])
#define SB int16_t(PC16(2))
#define SC int16_t(PC16(3))
#define D (reinterpret_cast<const int32_t*>(pc)[1])
#define R(n) (fr->registers[n])
#define CONSTANT(n) (fr->code()->constants->items[n])
#define WORD(n) (pc[n].bits)
#define DISPATCH() goto* table[*reinterpret_cast<const uint8_t*>(pc)]
#define NEXT(n) do { pc += (n); DISPATCH(); } while (0)
#define SAVE(n) do { fr->pc = pc + (n); vm.frame = fr; } while (0)
// n: words from pc to the landing, as in the SAVE before. (It is not read back: what follows would have to wait for that.)
#define LAND(n, outcome) do { \
        Outcome o_ = (outcome); \
        if (o_.is_value()) [[likely]] { \
            assert(fr->pc == pc + (n)); \
            pc += (n); \
            R(A) = o_.value(); \
            if (vm.budget <= 0) [[unlikely]] goto landed; \
            NEXT(1); \
        } \
        fr = land(vm, fr, o_, pc); \
        goto resume; \
    } while (0)
#define RESUME(frame) do { fr = (frame); goto resume; } while (0)
#define SLOW(n, outcome) do { SAVE(n); LAND(n, outcome); } while (0)
// The slow half of an operator whose left operand is `a`. The method of a class of the script is called directly.
#define OPERATE(n, a, outcome) do { \
        SAVE(n); \
        if ((a).is_object() && (a).as_object()->kind == Kind::Instance) { \
            Frame* f_ = call_operator(vm, fr); \
            if (f_ != kGeneralWay) RESUME(f_); \
        } \
        LAND(n, outcome); \
    } while (0)
#define MUTABLE (const_cast<Instruction*>(pc))
#define QUICKEN(name) (*reinterpret_cast<uint8_t*>(MUTABLE) = uint8_t(Op::name))
#define OP_LABEL(name) L_##name:
// Enters a plain function whose parameters are exactly `count` values at `args`; n: words from pc to the landing. The registers are
// cleared by 8-byte stores: wider ones that straddle cache lines cost more.
#define ENTER(fn_, args_, count_, n) do { \
        Function* callee_ = (fn_); \
        const Code* code_ = callee_->code; \
        Frame* f_ = vm.frames.take(code_->frame_bytes); \
        if (!f_) [[unlikely]] { \
            f_ = vm.frames.allocate(code_->frame_bytes); \
            if (!f_) SLOW(n, recursion_error(vm, fr)); \
        } \
        start_frame(f_, code_->frame_bytes); \
        f_->parent = fr; \
        f_->function = callee_; \
        fr->pc = pc + (n); \
        const Value* from_ = (args_); \
        unsigned i_ = 0, count__ = (count_); \
        for (; i_ < count__; i_++) f_->registers[i_] = from_[i_]; \
        for (unsigned end_ = code_->registers; i_ < end_; i_++) \
            *reinterpret_cast<volatile uint64_t*>(&f_->registers[i_]) = 0; \
        fr = f_; \
        pc = code_->entry(); \
        DISPATCH(); \
    } while (0)
// Resumes the suspended generator g (no delegation in the way), which yields to this instruction.
#define RESUME_GENERATOR(g_, leaf_, sent, n) do { \
        if ((leaf_)->flags & kClean) [[unlikely]] touch(vm, (leaf_)); \
        fr->pc = pc + (n); \
        (g_)->parent = fr; \
        (leaf_)->state = kRunning; \
        vm.accumulator = (sent); \
        fr = (leaf_); \
        pc = fr->pc + 1; \
        DISPATCH(); \
    } while (0)
// The same for g.send(sent), of a generator that is not delegating: a sent value that is asked for is handed over at once.
// `sent` is no register: fr changes before it is read.
#define SEND_GENERATOR(g_, sent, n) do { \
        fr->pc = pc + (n); \
        (g_)->parent = fr; \
        (g_)->state = kRunning; \
        fr = (g_); \
        pc = fr->pc + 1; \
        if (pc->op() == Op::LOAD_SENT) [[likely]] { \
            R(A) = (sent); \
            NEXT(1); \
        } \
        DISPATCH(); \
    } while (0)
// A jump that was taken: safepoint when it goes backwards.
#define TAKE(offset) do { \
        int32_t offset_ = (offset); \
        pc += offset_; \
        if (offset_ <= 0 && --vm.budget < 0) [[unlikely]] goto at_safepoint; \
        DISPATCH(); \
    } while (0)

[[gnu::noinline]] void interpret(VM& vm, Frame* fr) {
    static const void* const table[256] = {
#define OP(name, format, words, flags, meaning) &&L_##name,
#include "vm/code/opcodes.def"
#undef OP
    };
    const Instruction* pc;

resume:
    if (!fr) [[unlikely]] return;
    pc = fr->pc;
    DISPATCH();

// The results of operations grow while calls return, and no safepoint comes by.
landed:
    fr->pc = ++pc;
    vm.frame = fr;
    if (vm.heap.wants_collection()) collect_garbage(vm, fr, Heap::Extent::Auto);
    DISPATCH();

at_safepoint:
    fr->pc = pc;
    RESUME(safepoint(vm, fr));

#include "vm/exec/interp_values.inc"
#include "vm/exec/interp_operators.inc"
#include "vm/exec/interp_generators.inc"
#include "vm/exec/interp_calls.inc"

    // ---- building
    OP_LABEL(BUILD_LIST) SLOW(0, build_list(vm, &R(B), C));
    OP_LABEL(BUILD_TUPLE) {
        Tuple* t = make_tuple(vm.heap, &R(B), C);
        if (!t) [[unlikely]] SLOW(0, vm.no_room());
        R(A) = Value::object(t);
        NEXT(1);
    }
    OP_LABEL(BUILD_SET) SLOW(0, build_set(vm, &R(B), C));
    OP_LABEL(BUILD_MAP) SLOW(0, build_map(vm, &R(B), C));
    OP_LABEL(BUILD_STRING) SLOW(0, build_string(vm, &R(B), C));
    OP_LABEL(LIST_APPEND) {
        if (!list_append(vm.heap, R(A).as<List>(), R(B))) [[unlikely]] SLOW(0, append_after_collecting(vm, fr, R(A), R(B)));
        NEXT(1);
    }
    OP_LABEL(LIST_EXTEND) SLOW(1, list_extend_with(vm, R(A), R(B), X == 2 ? R(C) : Value::unbound()));
    OP_LABEL(LIST_TO_TUPLE) {
        List* l = R(B).as<List>();
        Tuple* t = make_tuple(vm.heap, l->items->items, l->size);
        if (!t) [[unlikely]] SLOW(0, vm.no_room());
        R(A) = Value::object(t);
        NEXT(1);
    }
    OP_LABEL(SET_ADD) SLOW(1, op_set_add(vm, R(A).as<Set>(), R(B)));
    OP_LABEL(SET_UPDATE) SLOW(1, set_update_with(vm, R(A), R(B)));
    OP_LABEL(MAP_SET) SLOW(1, op_dict_set(vm, R(A).as<Dict>(), R(B), R(C)));
    OP_LABEL(MAP_UPDATE) SLOW(1, map_update_with(vm, R(A), R(B), X ? R(C) : Value::unbound()));
    OP_LABEL(FORMAT) SLOW(0, format_value(vm, R(B), X, C == kNoRegister ? Value::unbound() : R(C)));
    OP_LABEL(UNPACK) {
        Value v = R(B);
        if (v.is_object()) [[likely]] {
            const Value* items = nullptr;
            size_t size = 0;
            if (v.as_object()->shape == kShapeTuple) {
                items = v.as<Tuple>()->items;
                size = v.as<Tuple>()->size;
            } else if (v.as_object()->shape == kShapeList) {
                items = v.as<List>()->items->items;
                size = v.as<List>()->size;
            }
            if (items && size == C) [[likely]] {
                Value* to = &R(A);
                for (size_t i = 0; i < size; i++) to[i] = items[i];
                NEXT(3);
            }
        }
        SLOW(1, X ? unpack_and_close(vm, v, C, -1) : unpack_iterable(vm, v, C, -1));
    }
    OP_LABEL(UNPACK_STAR) {
        SLOW(1, X ? unpack_and_close(vm, R(B), C & 255, C >> 8) : unpack_iterable(vm, R(B), C & 255, C >> 8));
    }
    OP_LABEL(UNPACK_RESULT) {
        const Tuple* t = R(B).as<Tuple>();
        Value* to = &R(A);
        for (size_t i = 0; i < t->size; i++) to[i] = t->items[i];
        NEXT(1);
    }

    // ---- exceptions
    OP_LABEL(RAISE) SLOW(0, raise_value(vm, R(A), Value::unbound()));
    OP_LABEL(RAISE_FROM) SLOW(0, raise_value(vm, R(A), R(B)));
    OP_LABEL(RERAISE_HANDLED) {
        SAVE(0);
        if (vm.handled.is_none()) LAND(0, vm.raise(kShapeRuntimeError, "No active exception to reraise"));
        vm.exception = vm.handled;
        RESUME(unwind(vm, fr, true));
    }
    OP_LABEL(RERAISE) {
        SAVE(0);
        vm.exception = R(A);
        if (X) set_context(vm, vm.exception);
        RESUME(unwind(vm, fr, true));
    }
    OP_LABEL(PUSH_HANDLED) {
        R(A + 1) = vm.handled;
        vm.handled = R(A);
        NEXT(1);
    }
    OP_LABEL(POP_HANDLED) vm.handled = R(A + 1); NEXT(1);
    OP_LABEL(JUMP_IF_NOT_MATCH) {
        SAVE(0);
        Outcome o = exception_matches(vm, R(A), X ? Value::object(vm.type(kShapeBaseException)) : R(B));
        if (o.is_raised()) [[unlikely]] RESUME(unwind(vm, fr));
        if (o.value().is_false()) TAKE(SC);
        NEXT(1);
    }
    OP_LABEL(WITH_ENTER) {
        SAVE(1);
        Value exit;
        Outcome o = with_enter(vm, R(B), exit, X);
        if (o.is_raised()) [[unlikely]] RESUME(unwind(vm, fr));
        R(A) = exit;
        LAND(1, o);
    }
    OP_LABEL(WITH_EXCEPT) SLOW(0, with_except(vm, R(B), R(C)));

    // ---- definitions
    OP_LABEL(MAKE_FUNCTION) SLOW(0, make_function(vm, fr, CONSTANT(C).as<Code>(), X, &R(B)));
    OP_LABEL(IMPORT) SLOW(0, import_name(vm, fr, CONSTANT(C).as<Str>(), R(B), X));
    OP_LABEL(IMPORT_FROM) SLOW(0, import_from(vm, R(B), CONSTANT(C).as<Str>()));

    // ---- not emitted by the compiler
    OP_LABEL(LANDING) NEXT(1);
    OP_LABEL(NATIVE_STEP) {
        vm.frame = fr;
        RESUME(step_native(vm, fr));
    }
    OP_LABEL(FIBER_END) {
        vm.frame = fr;
        RESUME(fiber_ended(vm, fr));
    }
    OP_LABEL(BREAKPOINT) SLOW(0, vm.raise(kShapeSystemError, "no debugger is attached"));

unbound_local: {
        Str* name = CONSTANT(D).as<Str>();
        SLOW(0, vm.raisef(kShapeUnboundLocalError, "cannot access local variable '%s' where it is not associated with a value",
                          name->data()));
    }
unbound_cell: {
        Str* name = CONSTANT(pc->op() == Op::LOAD_CELL ? C : B).as<Str>();
        SLOW(0, vm.raisef(kShapeUnboundLocalError, "cannot access local variable '%s' where it is not associated with a value",
                          name->data()));
    }
unbound_free: {
        Str* name = CONSTANT(pc->op() == Op::LOAD_FREE ? C : B).as<Str>();
        SLOW(0, vm.raisef(kShapeNameError,
                          "cannot access free variable '%s' where it is not associated with a value in enclosing scope",
                          name->data()));
    }
}

// clang-format on

}  // namespace gen
