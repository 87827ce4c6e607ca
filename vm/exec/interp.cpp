// The dispatch loop.
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

// Strings of which no two are equal.
inline bool both_interned(Value a, Value b) {
    return a.is_object() && b.is_object() && a.as_object()->shape == kShapeStr &&
           b.as_object()->shape == kShapeStr && (a.as_object()->flags & b.as_object()->flags & kInterned);
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
#define LAND(outcome) do { \
        Outcome o_ = (outcome); \
        if (o_.is_value()) [[likely]] { \
            pc = fr->pc; \
            R(A) = o_.value(); \
            NEXT(1); \
        } \
        fr = land(vm, fr, o_, pc); \
        goto resume; \
    } while (0)
#define RESUME(frame) do { fr = (frame); goto resume; } while (0)
#define SLOW(n, outcome) do { SAVE(n); LAND(outcome); } while (0)
// The slow half of an operator whose left operand is `a`. The method of a class of the script is called directly.
#define OPERATE(n, a, outcome) do { \
        SAVE(n); \
        if ((a).is_object() && (a).as_object()->kind == Kind::Instance) { \
            if (Frame* f_ = call_operator(vm, fr)) RESUME(f_); \
        } \
        LAND(outcome); \
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

at_safepoint:
    fr->pc = pc;
    RESUME(safepoint(vm, fr));

    // ---- loads and moves
    OP_LABEL(NOP) NEXT(1);
    OP_LABEL(LOAD_INT) R(A) = Value::integer(D); NEXT(1);
    OP_LABEL(LOAD_CONST) R(A) = CONSTANT(D); NEXT(1);
    OP_LABEL(LOAD_SPECIAL) R(A) = Value::from_bits(uint64_t(D)); NEXT(1);
    OP_LABEL(MOVE) R(A) = R(B); NEXT(1);
    OP_LABEL(MOVE_PAIR) {
        Value first = R(B), second = R(C);
        // g.send(x): the two need not be moved when they are taken at once.
        if (pc[1].op() == Op::INVOKE_SEND && pc[1].b() == A && pc[1].c() == 1 &&
            first.is_object() && first.as_object()->shape == kShapeGenerator) {
            Frame* g = first.as<Frame>();
            if (g->state == kSuspended && g->link == g && !(g->flags & kClean)) [[likely]] {
                if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
                fr->pc = pc + 4;
                g->parent = fr;
                g->state = kRunning;
                fr = g;
                pc = fr->pc + 1;
                if (pc->op() == Op::LOAD_SENT) [[likely]] {
                    R(A) = second;
                    NEXT(1);
                }
                DISPATCH();
            }
        }
        Value* to = &R(A);
        to[0] = first;
        to[1] = second;
        NEXT(1);
    }
    OP_LABEL(CHECK_BOUND) {
        if (R(A).is_unbound()) [[unlikely]] goto unbound_local;
        NEXT(1);
    }
    OP_LABEL(DELETE_LOCAL) {
        if (R(A).is_unbound()) [[unlikely]] goto unbound_local;
        R(A) = Value::unbound();
        NEXT(1);
    }
    OP_LABEL(MAKE_CELL) {
        Cell* cell = vm.heap.make<Cell>(Kind::Cell, kShapeCell);
        cell->value = R(B);
        R(A) = Value::object(cell);
        NEXT(1);
    }
    OP_LABEL(LOAD_CELL) {
        Value v = R(B).as<Cell>()->value;
        if (v.is_unbound()) [[unlikely]] goto unbound_cell;
        R(A) = v;
        NEXT(1);
    }
    OP_LABEL(STORE_CELL) {
        Cell* cell = R(A).as<Cell>();
        cell->value = R(B);
        vm.heap.write(cell);
        NEXT(1);
    }
    OP_LABEL(DELETE_CELL) {
        Cell* cell = R(A).as<Cell>();
        if (cell->value.is_unbound()) [[unlikely]] goto unbound_cell;
        cell->value = Value::unbound();
        NEXT(1);
    }
    OP_LABEL(LOAD_FREE) {
        Value v = fr->fn()->closure.as<Tuple>()->items[B].as<Cell>()->value;
        if (v.is_unbound()) [[unlikely]] goto unbound_free;
        R(A) = v;
        NEXT(1);
    }
    OP_LABEL(STORE_FREE) {
        Cell* cell = fr->fn()->closure.as<Tuple>()->items[A].as<Cell>();
        cell->value = R(B);
        vm.heap.write(cell);
        NEXT(1);
    }
    OP_LABEL(DELETE_FREE) {
        Cell* cell = fr->fn()->closure.as<Tuple>()->items[A].as<Cell>();
        if (cell->value.is_unbound()) [[unlikely]] goto unbound_free;
        cell->value = Value::unbound();
        NEXT(1);
    }
    OP_LABEL(LOAD_CLOSURE) R(A) = fr->fn()->closure.as<Tuple>()->items[B]; NEXT(1);

    // ---- globals and names
    OP_LABEL(LOAD_GLOBAL) {
        SAVE(0);
        Outcome o = load_global_miss(vm, fr, MUTABLE);
        if (o.is_raised()) [[unlikely]] RESUME(unwind(vm, fr));
        R(A) = o.value();
        NEXT(3);
    }
    OP_LABEL(LOAD_GLOBAL_HIT) {
        if (fr->fn()->globals->version != WORD(1)) [[unlikely]] {
            QUICKEN(LOAD_GLOBAL);
            goto L_LOAD_GLOBAL;
        }
        R(A) = *reinterpret_cast<const Value*>(WORD(2));
        NEXT(3);
    }
    OP_LABEL(LOAD_BUILTIN_HIT) {
        const Dict* globals = fr->fn()->globals;
        const Dict* builtins = fr->fn()->builtins.as<Dict>();
        uint64_t word = WORD(2);
        if (globals->version << kIndexBits != WORD(1) ||
            builtins->version << kIndexBits != (word & ~((uint64_t{1} << kIndexBits) - 1))) [[unlikely]] {
            QUICKEN(LOAD_GLOBAL);
            goto L_LOAD_GLOBAL;
        }
        R(A) = builtins->table->entries[word & ((1u << kIndexBits) - 1)].value;
        NEXT(3);
    }
    OP_LABEL(STORE_GLOBAL) {
        SAVE(0);
        if (!vm.set(fr->fn()->globals, CONSTANT(D).as<Str>(), R(A))) LAND(vm.out_of_memory());
        NEXT(1);
    }
    OP_LABEL(DELETE_GLOBAL) {
        SAVE(0);
        Str* name = CONSTANT(D).as<Str>();
        if (!dict_delete_str(vm.heap, fr->fn()->globals, name, hash_str(vm.hash_key, name)))
            LAND(vm.raise_name_error(name));
        NEXT(1);
    }
    OP_LABEL(LOAD_NAME) SLOW(0, load_name(vm, fr, R(B), CONSTANT(C).as<Str>()));
    OP_LABEL(LOAD_CLASS_FREE) SLOW(1, load_class_free(vm, fr, R(B), C));
    OP_LABEL(STORE_NAME) SLOW(1, op_setitem(vm, R(B), CONSTANT(C), R(A)));
    OP_LABEL(DELETE_NAME) SLOW(1, delete_name(vm, R(B), CONSTANT(C).as<Str>()));

    // ---- attributes and items
    OP_LABEL(GET_ATTR) SLOW(2, get_attr_miss(vm, fr, MUTABLE, R(B), CONSTANT(C).as<Str>()));
    OP_LABEL(GET_ATTR_SLOT) {
        Value v = R(B);
        if (v.is_object() && v.as_object()->shape == uint32_t(WORD(2) >> 32)) [[likely]] {
            Value found = *reinterpret_cast<Value*>(reinterpret_cast<char*>(v.as_object()) + WORD(1));
            if (!found.is_unbound()) [[likely]] { R(A) = found; NEXT(3); }
        }
        if (v.is_object()) {
            // Objects of several shapes come by.
            const VM::PlaceEntry* known = vm.known_place(v.as_object()->shape, CONSTANT(C).as<Str>());
            if (known && known->is_slot) {
                Value found = *reinterpret_cast<Value*>(reinterpret_cast<char*>(v.as_object()) + known->at);
                if (!found.is_unbound()) [[likely]] { R(A) = found; NEXT(3); }
            }
        }
        QUICKEN(GET_ATTR);
        goto L_GET_ATTR;
    }
    OP_LABEL(GET_ATTR_CLASS) {
        Value v = R(B);
        if (v.is_object() && v.as_object()->shape == uint32_t(WORD(2) >> 32)) [[likely]] {
            Value found = reinterpret_cast<Cell*>(WORD(1))->value;
            if (!found.is_unbound()) [[likely]] { R(A) = found; NEXT(3); }
        }
        QUICKEN(GET_ATTR);
        goto L_GET_ATTR;
    }
    OP_LABEL(GET_ATTR_TYPE) {
        Value v = R(B);   // the cell belongs to this very class when the low half of its address is in the landing
        if (v.is_object() && v.as_object()->kind == Kind::Class && uint32_t(v.bits() >> 3) == uint32_t(WORD(2) >> 32)) [[likely]] {
            Value found = reinterpret_cast<Cell*>(WORD(1))->value;
            if (!found.is_unbound()) [[likely]] { R(A) = found; NEXT(3); }
        }
        QUICKEN(GET_ATTR);
        goto L_GET_ATTR;
    }
    OP_LABEL(GET_ATTR_MODULE) {
        Value v = R(B);
        if (v.is_object() && v.as_object()->kind == Kind::Module) [[likely]] {
            const Dict* d = v.as<Module>()->dict;
            uint64_t word = WORD(1);
            if (d->version << kIndexBits == (word & ~((uint64_t{1} << kIndexBits) - 1))) [[likely]] {
                R(A) = d->table->entries[word & ((1u << kIndexBits) - 1)].value;
                NEXT(3);
            }
        }
        QUICKEN(GET_ATTR);
        goto L_GET_ATTR;
    }
    OP_LABEL(SET_ATTR) SLOW(2, set_attr_miss(vm, fr, MUTABLE, R(A), CONSTANT(C).as<Str>(), R(B)));
    OP_LABEL(SET_ATTR_SLOT) {
        Value v = R(A);
        if (v.is_object() && v.as_object()->shape == uint32_t(WORD(2) >> 32)) [[likely]] {
            Object* o = v.as_object();
            *reinterpret_cast<Value*>(reinterpret_cast<char*>(o) + WORD(1)) = R(B);
            vm.heap.write(o);
            NEXT(3);
        }
        if (v.is_object()) {
            Object* o = v.as_object();
            const VM::PlaceEntry* known = vm.known_place(o->shape, CONSTANT(C).as<Str>());
            if (known && known->settable) {
                *reinterpret_cast<Value*>(reinterpret_cast<char*>(o) + known->at) = R(B);
                vm.heap.write(o);
                NEXT(3);
            }
        }
        QUICKEN(SET_ATTR);
        goto L_SET_ATTR;
    }
    OP_LABEL(SET_ATTR_ADD) {
        Value v = R(A);
        if (v.is_object() && v.as_object()->shape == uint32_t(WORD(2) >> 32)) [[likely]] {
            Object* o = v.as_object();
            o->shape = uint32_t(WORD(1) >> 32);
            *reinterpret_cast<Value*>(reinterpret_cast<char*>(o) + uint32_t(WORD(1))) = R(B);
            vm.heap.write(o);
            NEXT(3);
        }
        QUICKEN(SET_ATTR);
        goto L_SET_ATTR;
    }
    OP_LABEL(DEL_ATTR) SLOW(1, op_delattr(vm, R(A), CONSTANT(C).as<Str>()));
    OP_LABEL(GET_ITEM) {
        Value v = R(B), key = R(C);
        if (v.is_object() && key.is_int()) [[likely]] {
            uint64_t i = uint64_t(key.as_int());
            if (v.as_object()->shape == kShapeList) {
                List* l = v.as<List>();
                if (int64_t(i) < 0) i += l->size;
                if (i < l->size) [[likely]] { R(A) = l->items->items[i]; NEXT(1); }
            } else if (v.as_object()->shape == kShapeTuple) {
                Tuple* t = v.as<Tuple>();
                if (int64_t(i) < 0) i += t->size;
                if (i < t->size) [[likely]] { R(A) = t->items[i]; NEXT(1); }
            }
        }
        SLOW(0, op_getitem(vm, v, key));
    }
    OP_LABEL(SET_ITEM) {
        Value v = R(A), key = R(B);
        if (v.is_object() && key.is_int() && v.as_object()->shape == kShapeList) [[likely]] {
            List* l = v.as<List>();
            uint64_t i = uint64_t(key.as_int());
            if (int64_t(i) < 0) i += l->size;
            if (i < l->size) [[likely]] {
                l->items->items[i] = R(C);
                vm.heap.write(l->items);
                NEXT(2);
            }
        }
        SLOW(1, op_setitem(vm, v, key, R(C)));
    }
    OP_LABEL(DEL_ITEM) SLOW(1, op_delitem(vm, R(A), R(B)));
    OP_LABEL(BUILD_SLICE) {
        Slice* s = vm.heap.make<Slice>(Kind::Slice, kShapeSlice);
        s->start = R(B);
        s->stop = R(B + 1);
        s->step = R(B + 2);
        R(A) = Value::object(s);
        NEXT(1);
    }

    // ---- arithmetic
#define ARITHMETIC(NAME, METHOD, OPERATOR, BINARY) \
    OP_LABEL(NAME) { \
        Value a = R(B), b = R(C), r; \
        if (both_int(a, b) && Value::METHOD(a, b, r)) { R(A) = r; NEXT(1); } \
        if (both_inline_float(a, b) && Value::encode_float(a.as_inline_float() OPERATOR b.as_inline_float(), r)) { R(A) = r; NEXT(1); } \
        OPERATE(0, a, op_binary(vm, BinaryOp::BINARY, a, b, X)); \
    }
    ARITHMETIC(ADD, add, +, Add)
    ARITHMETIC(SUB, subtract, -, Sub)
    ARITHMETIC(MUL, multiply, *, Mul)
#undef ARITHMETIC
#define BINARY(NAME, OPERATION) OP_LABEL(NAME) OPERATE(0, R(B), op_binary(vm, BinaryOp::OPERATION, R(B), R(C), X));
    BINARY(MATMUL, MatMul)
    BINARY(LSHIFT, LShift)
#undef BINARY
    OP_LABEL(POW) {
        Value a = R(B), b = R(C), r;
        if (both_inline_float(a, b) && a.as_inline_float() > 0) {  // what overflows is an error
            double power = std::pow(a.as_inline_float(), b.as_inline_float());
            if (std::isfinite(power) && Value::encode_float(power, r)) { R(A) = r; NEXT(1); }
        }
        OPERATE(0, a, op_binary(vm, BinaryOp::Pow, a, b, X));
    }
    OP_LABEL(TRUE_DIV) {
        Value a = R(B), b = R(C), r;
        if (both_inline_float(a, b) && Value::encode_float(a.as_inline_float() / b.as_inline_float(), r)) { R(A) = r; NEXT(1); }
        OPERATE(0, a, op_binary(vm, BinaryOp::TrueDiv, a, b, X));
    }
    OP_LABEL(FLOOR_DIV) {
        Value a = R(B), b = R(C);
        if (both_int(a, b) && b.as_int() > 0) {
            int64_t x = a.as_int(), y = b.as_int(), q = x / y;
            R(A) = Value::integer(q - (x % y < 0));
            NEXT(1);
        }
        OPERATE(0, a, op_binary(vm, BinaryOp::FloorDiv, a, b, X));
    }
    OP_LABEL(MOD) {
        Value a = R(B), b = R(C);
        if (both_int(a, b) && b.as_int() > 0) {
            int64_t y = b.as_int(), r = a.as_int() % y;
            R(A) = Value::integer(r < 0 ? r + y : r);
            NEXT(1);
        }
        OPERATE(0, a, op_binary(vm, BinaryOp::Mod, a, b, X));
    }
    OP_LABEL(RSHIFT) {
        Value a = R(B), b = R(C);
        if (both_int(a, b) && uint64_t(b.as_int()) < 63) { R(A) = Value::integer(a.as_int() >> b.as_int()); NEXT(1); }
        OPERATE(0, a, op_binary(vm, BinaryOp::RShift, a, b, X));
    }
#define BITWISE(NAME, OPERATOR, OPERATION) \
    OP_LABEL(NAME) { \
        Value a = R(B), b = R(C); \
        if (both_int(a, b)) [[likely]] { R(A) = Value::from_bits((a.bits() OPERATOR b.bits()) | 1); NEXT(1); } \
        OPERATE(0, a, op_binary(vm, BinaryOp::OPERATION, a, b, X)); \
    }
    BITWISE(AND, &, And)
    BITWISE(OR, |, Or)
    BITWISE(XOR, ^, Xor)
#undef BITWISE
    OP_LABEL(ADD_INT) {
        Value a = R(B), b = Value::integer(SC), r;
        if (a.is_int() && Value::add(a, b, r)) [[likely]] { R(A) = r; NEXT(1); }
        OPERATE(0, a, op_binary(vm, X & 2 ? BinaryOp::Sub : BinaryOp::Add, a, X & 2 ? Value::integer(-SC) : b, X & 1));
    }
    OP_LABEL(NEG) {
        Value v = R(B), r;
        if (v.is_int() && Value::subtract(Value::integer(0), v, r)) { R(A) = r; NEXT(1); }
        if (v.is_inline_float()) { R(A) = Value::from_bits(v.bits() ^ 4); NEXT(1); }
        SLOW(0, op_negative(vm, v));
    }
    OP_LABEL(POS) SLOW(0, op_positive(vm, R(B)));
    OP_LABEL(INVERT) SLOW(0, op_invert(vm, R(B)));
    OP_LABEL(NOT) {
        Value v = R(B);
        if (v.is_bool()) { R(A) = Value::boolean(v.is_false()); NEXT(1); }
        SLOW(0, op_not(vm, v));
    }

    // ---- comparison
#define COMPARE(NAME, OPERATION) \
    OP_LABEL(NAME) { \
        Value a = R(B), b = R(C); \
        if (both_int(a, b)) { R(A) = Value::boolean(compare_plain<CompareOp::OPERATION>(int64_t(a.bits()), int64_t(b.bits()))); NEXT(1); } \
        if (both_inline_float(a, b)) { \
            R(A) = Value::boolean(compare_plain<CompareOp::OPERATION>(a.as_inline_float(), b.as_inline_float())); \
            NEXT(1); \
        } \
        OPERATE(0, a, op_compare(vm, CompareOp::OPERATION, a, b)); \
    }
    COMPARE(LT, Lt)
    COMPARE(LE, Le)
    COMPARE(EQ, Eq)
    COMPARE(NE, Ne)
    COMPARE(GT, Gt)
    COMPARE(GE, Ge)
#undef COMPARE
    OP_LABEL(IS) R(A) = Value::boolean(R(B).is(R(C))); NEXT(1);
    OP_LABEL(IS_NOT) R(A) = Value::boolean(!R(B).is(R(C))); NEXT(1);
    OP_LABEL(IN) SLOW(0, X ? contains_and_close(vm, R(C), R(B)) : op_contains(vm, R(C), R(B)));

    // ---- jumps
    OP_LABEL(JUMP) TAKE(D);
    OP_LABEL(JUMP_IF_TRUE) {
        Value v = R(A);
        if (v.is_true()) TAKE(D);
        if (v.is_false() || v.is_none()) NEXT(3);
        if (v.is_int()) { if (v.as_int()) TAKE(D); NEXT(3); }
        SLOW(1, op_truth(vm, v));
    }
    OP_LABEL(JUMP_IF_FALSE) {
        Value v = R(A);
        if (v.is_true()) NEXT(3);
        if (v.is_false() || v.is_none()) TAKE(D);
        if (v.is_int()) { if (!v.as_int()) TAKE(D); NEXT(3); }
        SLOW(1, op_truth(vm, v));
    }
    OP_LABEL(BRANCH_TRUE) {
        Value v = R(A);
        if (v.is_true()) TAKE(D);
        if (v.is_false()) NEXT(1);
        SLOW(-1, op_truth(vm, v));
    }
    OP_LABEL(BRANCH_FALSE) {
        Value v = R(A);
        if (v.is_true()) NEXT(1);
        if (v.is_false()) TAKE(D);
        SLOW(-1, op_truth(vm, v));
    }
    OP_LABEL(JUMP_IF_NONE) if (R(A).is_none()) TAKE(D); NEXT(1);
    OP_LABEL(JUMP_IF_NOT_NONE) if (!R(A).is_none()) TAKE(D); NEXT(1);
#define COMPARE_JUMP(NAME, OPERATION, WANTED) \
    OP_LABEL(JUMP_##NAME) { \
        Value a = R(A), b = R(B); \
        if (both_int(a, b)) [[likely]] { \
            if (compare_plain<CompareOp::OPERATION>(int64_t(a.bits()), int64_t(b.bits())) == WANTED) TAKE(SC); \
            NEXT(3); \
        } \
        if (both_inline_float(a, b)) { \
            if (compare_plain<CompareOp::OPERATION>(a.as_inline_float(), b.as_inline_float()) == WANTED) TAKE(SC); \
            NEXT(3); \
        } \
        if ((CompareOp::OPERATION == CompareOp::Eq || CompareOp::OPERATION == CompareOp::Ne) && both_interned(a, b)) { \
            if ((a.is(b) == (CompareOp::OPERATION == CompareOp::Eq)) == WANTED) TAKE(SC); \
            NEXT(3); \
        } \
        OPERATE(1, a, op_compare(vm, CompareOp::OPERATION, a, b)); \
    } \
    OP_LABEL(JUMP_##NAME##_INT) { \
        Value a = R(A); \
        if (a.is_int()) [[likely]] { \
            if (compare_plain<CompareOp::OPERATION>(a.as_int(), int64_t(SB)) == WANTED) TAKE(SC); \
            NEXT(3); \
        } \
        OPERATE(1, a, op_compare(vm, CompareOp::OPERATION, a, Value::integer(SB))); \
    }
    COMPARE_JUMP(LT, Lt, true)
    COMPARE_JUMP(LE, Le, true)
    COMPARE_JUMP(EQ, Eq, true)
    COMPARE_JUMP(NE, Ne, true)
    COMPARE_JUMP(GT, Gt, true)
    COMPARE_JUMP(GE, Ge, true)
    COMPARE_JUMP(NOT_LT, Lt, false)
    COMPARE_JUMP(NOT_LE, Le, false)
    COMPARE_JUMP(NOT_EQ, Eq, false)
    COMPARE_JUMP(NOT_NE, Ne, false)
    COMPARE_JUMP(NOT_GT, Gt, false)
    COMPARE_JUMP(NOT_GE, Ge, false)
#undef COMPARE_JUMP

    // ---- iteration
    OP_LABEL(GET_ITER) {
        Value v = R(B);
        if (v.is_object() && v.as_object()->shape == kShapeGenerator) { R(A) = v; NEXT(1); }
        SLOW(0, X ? owned_iter(vm, v) : op_iter(vm, v));
    }
    OP_LABEL(FOR_ITER) {
        if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
        Value it = R(B);
        if (it.is_object()) [[likely]] {
            switch (it.as_object()->shape) {
            case kShapeGenerator: QUICKEN(FOR_ITER_GEN); goto L_FOR_ITER_GEN;
            case kShapeListIterator: QUICKEN(FOR_ITER_LIST); goto L_FOR_ITER_LIST;
            case kShapeRangeIterator: QUICKEN(FOR_ITER_RANGE); goto L_FOR_ITER_RANGE;
            default: break;
            }
        }
        SLOW(0, op_next(vm, it));
    }
    OP_LABEL(FOR_ITER_GEN) {
        if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
        Value it = R(B);
        if (it.is_object() && it.as_object()->shape == kShapeGenerator) [[likely]] {
            Frame* g = it.as<Frame>();
            Frame* leaf = g;
            if (g->state > kSuspended || g->link != g) [[unlikely]] {
                leaf = g->link;
                if (!(g->state == kDelegating && leaf && leaf->link == g && leaf->state == kSuspended)) {
                    SAVE(0);
                    RESUME(resume_generator(vm, fr, g, Request::Resume::Send, Value::none()));
                }
            }
            RESUME_GENERATOR(g, leaf, Value::none(), 0);
        }
        QUICKEN(FOR_ITER);
        goto L_FOR_ITER;
    }
    OP_LABEL(FOR_ITER_LIST) {
        if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
        Value it = R(B);
        if (it.is_object() && it.as_object()->shape == kShapeListIterator) [[likely]] {
            auto* i = it.as<Iterator>();
            if (i->source.is_unbound()) [[unlikely]] NEXT(2);
            List* l = i->source.as<List>();
            if (uint64_t(i->index) < l->size) [[likely]] {
                R(A) = l->items->items[i->index++];
                NEXT(SC);
            }
            i->source = Value::unbound();
            NEXT(2);
        }
        QUICKEN(FOR_ITER);
        goto L_FOR_ITER;
    }
    OP_LABEL(FOR_ITER_RANGE) {
        if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
        Value it = R(B);
        if (it.is_object() && it.as_object()->shape == kShapeRangeIterator) [[likely]] {
            auto* i = it.as<Iterator>();   // index: the next number; stop: how many are left; extra: the step
            if (i->stop > 0) [[likely]] {
                R(A) = Value::integer(i->index);
                i->stop--;
                i->index += i->extra.as_int();
                NEXT(SC);
            }
            NEXT(2);
        }
        QUICKEN(FOR_ITER);
        goto L_FOR_ITER;
    }
    OP_LABEL(LEND) R(A) = lend_generator(vm, fr, &R(B), C, X); NEXT(1);
    OP_LABEL(CLOSE_ITER) {
        Value it = R(A);
        if (!it.is_object() || it.as_object()->shape == kShapeListIterator) NEXT(2);
        const unsigned dead = C;
        R(A) = Value::unbound();
        if (!(X & 1)) R(A + 1) = Value::unbound();
        if (it.as_object()->kind == Kind::Generator && (it.as_object()->flags & kOwned) && !holds_unfinished(vm, it)) {
            SLOW(1, close_owned(vm, it.as<Frame>()));
        }
        if ((X & 2) && it.as_object()->kind == Kind::Generator && !(it.as_object()->flags & kOwned)) NEXT(2);
        fr->pc = pc + 2;
        RESUME(let_go(vm, fr, it, dead));
    }
    OP_LABEL(LET_GO) {
        if (X && !(fr->aux & kMadeGenerators)) [[likely]] NEXT(1);
        fr->pc = pc + 1;
        RESUME(X ? let_go_of_dead(vm, fr, A) : let_go(vm, fr, R(A), A));
    }

    // ---- calls
    OP_LABEL(CALL) {
        Value f = R(B);
        if (f.is_object()) [[likely]] {
            Object* o = f.as_object();
            if (kind_and_aux(o) == plain_function(C)) { QUICKEN(CALL_FUNCTION); goto L_CALL_FUNCTION; }
            if (kind_and_aux(o) == plain_function(C | Function::kGeneratorBit)) { QUICKEN(CALL_GENERATOR); goto L_CALL_GENERATOR; }
            if (o->kind == Kind::Native) { QUICKEN(CALL_NATIVE); goto L_CALL_NATIVE; }
            if (o->kind == Kind::Class && is_plainly_made(vm, f.as<Class>())) { QUICKEN(CALL_CLASS); goto L_CALL_CLASS; }
            if (o->kind == Kind::Class && is_made_by_native(vm, f.as<Class>())) { QUICKEN(CALL_BUILTIN_CLASS); goto L_CALL_BUILTIN_CLASS; }
        }
        SAVE(0);
        RESUME(call_window(vm, fr, pc, f, &R(B + 1), C, Value::unbound(), X));
    }
    OP_LABEL(CALL_FUNCTION) {
        Value f = R(B);
        if (f.is_object() && kind_and_aux(f.as_object()) == plain_function(C)) [[likely]] {
            if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
            ENTER(f.as<Function>(), &R(B + 1), C, 0);
        }
        QUICKEN(CALL);
        goto L_CALL;
    }
    OP_LABEL(CALL_GENERATOR) {
        Value f = R(B);
        if (f.is_object() && kind_and_aux(f.as_object()) == plain_function(C | Function::kGeneratorBit)) [[likely]] {
            if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
            auto* fn = f.as<Function>();
            const Code* code = fn->code;
            Frame* g = make_generator_frame(vm, fn, code, X);
            if (!X) fr->aux |= kMadeGenerators;
            const Value* from = &R(B + 1);
            unsigned n = 0, count = C;
            for (; n < count; n++) g->registers[n] = from[n];
            for (unsigned end = code->registers; n < end; n++) *reinterpret_cast<volatile uint64_t*>(&g->registers[n]) = 0;
            R(A) = Value::object(g);
            NEXT(1);
        }
        QUICKEN(CALL);
        goto L_CALL;
    }
    OP_LABEL(CALL_NATIVE) {
        Value f = R(B);
        if (f.is_object() && f.as_object()->kind == Kind::Native) [[likely]] {
            if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
            const Native* native = f.as<Native>();
            const Signature& s = native->def->signature;
            SAVE(0);
            Outcome o = C == s.positional && s.parameters() == C && native->def->fn && native->self.is_unbound() &&
                                native->owner.is_unbound()
                            ? native->def->fn(vm, &R(B + 1))
                            : call_plain_native(vm, native, &R(B + 1), C);
            if (!o.is_unhandled()) [[likely]] LAND(o);
            RESUME(call_window(vm, fr, pc, f, &R(B + 1), C, Value::unbound(), X));
        }
        QUICKEN(CALL);
        goto L_CALL;
    }
    OP_LABEL(CALL_BUILTIN_CLASS) {
        Value f = R(B);
        if (f.is_object() && f.as_object()->kind == Kind::Class && is_made_by_native(vm, f.as<Class>())) [[likely]] {
            if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
            SAVE(0);
            Outcome o = call_plain_native(vm, f.as<Class>()->specials[int(Special::New)].as<Native>(), &R(B), C + 1);
            if (!o.is_unhandled()) [[likely]] LAND(o);
            RESUME(call_window(vm, fr, pc, f, &R(B + 1), C, Value::unbound(), X));
        }
        QUICKEN(CALL);
        goto L_CALL;
    }
    OP_LABEL(CALL_CLASS) {
        Value f = R(B);
        if (f.is_object() && f.as_object()->kind == Kind::Class && is_plainly_made(vm, f.as<Class>())) [[likely]] {
            Value init = f.as<Class>()->specials[int(Special::Init)];
            if (init.is_object() && kind_and_aux(init.as_object()) == plain_function(C + 1)) [[likely]] {
                if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
                const Code* code = init.as<Function>()->code;
                Object* self = make_instance(vm, f.as<Class>());
                Frame* callee = self ? vm.frames.allocate(code->frame_bytes) : nullptr;
                if (!callee) [[unlikely]] SLOW(0, self ? recursion_error(vm, fr) : vm.out_of_memory());
                start_frame(callee, code->frame_bytes);
                callee->aux = kConstructs;
                callee->link = reinterpret_cast<Frame*>(self);
                callee->parent = fr;
                callee->function = init.as<Function>();
                fr->pc = pc;
                callee->registers[0] = Value::object(self);
                const Value* from = &R(B + 1);
                unsigned n = 1;
                for (unsigned count = C + 1; n < count; n++) callee->registers[n] = from[n - 1];
                for (unsigned end = code->registers; n < end; n++) *reinterpret_cast<volatile uint64_t*>(&callee->registers[n]) = 0;
                fr = callee;
                pc = code->entry();
                DISPATCH();
            }
            SAVE(0);
            RESUME(call_window(vm, fr, pc, f, &R(B + 1), C, Value::unbound(), X));
        }
        QUICKEN(CALL);
        goto L_CALL;
    }
    OP_LABEL(CALL_KW) {
        SAVE(1);
        RESUME(call_window(vm, fr, pc, R(B), &R(B + 1), C, CONSTANT(pc[1].d()), X));
    }
    OP_LABEL(CALL_EX) {
        SAVE(0);
        Outcome o = vm.call_with(R(B), R(B + 1), R(B + 2));
        vm.request.owned = X;
        LAND(o);
    }
    OP_LABEL(CALL_SUPER) SLOW(0, call_super(vm, R(B), R(B + 1), R(B + 2)));
    OP_LABEL(LOAD_METHOD) {
        SAVE(2);
        Outcome o = Value::none();
        Value function;
        Value self = R(B);
        if (load_method_miss(vm, fr, MUTABLE, self, CONSTANT(C).as<Str>(), o, function)) {
            R(A) = function;
            R(A + 1) = self;
            NEXT(3);
        }
        R(A + 1) = Value::unbound();
        LAND(o);
    }
    OP_LABEL(LOAD_METHOD_HIT) {
        Value v = R(B);
        if (v.is_object() && v.as_object()->shape == uint32_t(WORD(2) >> 32)) [[likely]] {
            Value function = reinterpret_cast<Cell*>(WORD(1))->value;
            if (!function.is_unbound()) [[likely]] {
                R(A + 1) = v;
                R(A) = function;
                NEXT(3);
            }
        }
        QUICKEN(LOAD_METHOD);
        goto L_LOAD_METHOD;
    }
    OP_LABEL(CALL_METHOD) {
        if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
        Value f = R(B), self = R(B + 1);
        if (!self.is_unbound() && f.is_object()) [[likely]] {
            Object* o = f.as_object();
            if (f.is(vm.natives.generator_send) && C == 1 && self.is_object() && self.as_object()->shape == kShapeGenerator) {
                SAVE(0);
                RESUME(resume_generator(vm, fr, self.as<Frame>(), Request::Resume::Send, R(B + 2)));
            }
            if (kind_and_aux(o) == plain_function(C + 1)) [[likely]] ENTER(f.as<Function>(), &R(B + 1), C + 1, 0);
            if (o->kind == Kind::Native) {
                const Native* native = f.as<Native>();
                const Signature& s = native->def->signature;
                SAVE(0);
                Outcome r = unsigned(C + 1) == s.positional && s.parameters() == s.positional && native->def->fn &&
                                    accepts_receiver(vm, native, self)
                                ? native->def->fn(vm, &R(B + 1))
                                : call_plain_native(vm, native, &R(B + 1), C + 1);
                if (!r.is_unhandled()) [[likely]] LAND(r);
            }
        }
        SAVE(0);
        if (self.is_unbound()) RESUME(call_window(vm, fr, pc, f, &R(B + 2), C, Value::unbound(), X));
        RESUME(call_window(vm, fr, pc, f, &R(B + 1), C + 1, Value::unbound(), X));
    }
    OP_LABEL(INVOKE) {
        SAVE(3);
        Outcome o = Value::none();
        Value function;
        Value self = R(B);
        Str* name = CONSTANT(WORD(2)).as<Str>();
        if (load_method_miss(vm, fr, MUTABLE, self, name, o, function)) {
            R(B) = self;
            RESUME(call_window(vm, fr, pc, function, &R(B), C + 1, Value::unbound(), X));
        }
        if (o.is_raised()) fr->pc = pc;   // reported at the attribute, not at the call
        RESUME(invoke_attribute(vm, fr, pc, o, self, name));
    }
    OP_LABEL(INVOKE_HIT) {
        Value v = R(B);
        if (v.is_object() && v.as_object()->shape == uint32_t(WORD(3) >> 32)) [[likely]] {
            Value f = reinterpret_cast<Cell*>(WORD(1))->value;
            if (!f.is_unbound()) [[likely]] {
                if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
                Object* o = f.as_object();
                if (kind_and_aux(o) == plain_function(C + 1)) [[likely]] ENTER(f.as<Function>(), &R(B), C + 1, 3);
                SAVE(3);
                if (o->kind == Kind::Native) {
                    const Native* native = f.as<Native>();
                    const Signature& s = native->def->signature;
                    Outcome r = unsigned(C + 1) == s.positional && s.parameters() == s.positional && native->def->fn &&
                                        accepts_receiver(vm, native, v)
                                    ? native->def->fn(vm, &R(B))
                                    : call_plain_native(vm, native, &R(B), C + 1);
                    if (!r.is_unhandled()) [[likely]] LAND(r);
                }
                RESUME(call_window(vm, fr, pc, f, &R(B), C + 1, Value::unbound(), X));
            }
        }
        if (v.is_object()) {
            const VM::PlaceEntry* known = vm.known_place(v.as_object()->shape, CONSTANT(WORD(2)).as<Str>());
            if (known && !known->is_slot) {
                Value f = reinterpret_cast<Cell*>(known->at)->value;
                if (f.is_object() && kind_and_aux(f.as_object()) == plain_function(C + 1) &&
                    !(f.as<Function>()->code->code_flags & Code::kUnbound)) {
                    if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
                    ENTER(f.as<Function>(), &R(B), C + 1, 3);
                }
            }
        }
        QUICKEN(INVOKE);
        goto L_INVOKE;
    }
    OP_LABEL(INVOKE_MODULE) {
        Value v = R(B);
        if (v.is_object() && v.as_object()->kind == Kind::Module) [[likely]] {
            const Dict* d = v.as<Module>()->dict;
            uint64_t word = WORD(1);
            if (d->version << kIndexBits == (word & ~((uint64_t{1} << kIndexBits) - 1))) [[likely]] {
                Value f = d->table->entries[word & ((1u << kIndexBits) - 1)].value;
                if (f.is_object()) [[likely]] {
                    if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
                    Object* o = f.as_object();
                    if (kind_and_aux(o) == plain_function(C)) [[likely]] ENTER(f.as<Function>(), &R(B + 1), C, 3);
                    SAVE(3);
                    if (o->kind == Kind::Native) {
                        Outcome r = call_plain_native(vm, f.as<Native>(), &R(B + 1), C);
                        if (!r.is_unhandled()) [[likely]] LAND(r);
                    }
                    RESUME(call_window(vm, fr, pc, f, &R(B + 1), C, Value::unbound(), X));
                }
            }
        }
        QUICKEN(INVOKE);
        goto L_INVOKE;
    }
    OP_LABEL(INVOKE_SEND) {
        Value v = R(B);
        if (v.is_object() && v.as_object()->shape == kShapeGenerator) [[likely]] {
            if (--vm.budget < 0) [[unlikely]] goto at_safepoint;
            Frame* g = v.as<Frame>();
            Value sent = C ? R(B + 1) : Value::none();
            if (g->state == kSuspended && g->link == g) [[likely]] {
                if (g->flags & kClean) [[unlikely]] touch(vm, g);
                fr->pc = pc + 3;
                g->parent = fr;
                g->state = kRunning;
                fr = g;
                pc = fr->pc + 1;
                if (pc->op() == Op::LOAD_SENT) [[likely]] {
                    R(A) = sent;
                    NEXT(1);
                }
                DISPATCH();
            }
            SAVE(3);
            RESUME(resume_generator(vm, fr, g, Request::Resume::Send, sent));
        }
        QUICKEN(INVOKE);
        goto L_INVOKE;
    }
    OP_LABEL(RETURN) {
        Value v = R(A);
        Frame* caller = fr->parent;
        if (fr->aux && (fr->aux != kOperates || v.is_not_implemented())) [[unlikely]] goto returned_specially;
        vm.frames.release(fr, fr->shape);
        fr = caller;
        if (fr->flags & kClean) [[unlikely]] touch(vm, fr);
        pc = fr->pc;
        R(A) = v;
        NEXT(1);
    }
    OP_LABEL(RETURN_NONE) {
        Frame* caller = fr->parent;
        Value v = Value::none();
        if (fr->aux) [[unlikely]] {
            if (fr->aux & kMadeGenerators) RESUME(frame_returned(vm, fr, v));
            if (fr->aux & kConstructs) v = Value::object(fr->link);
        }
        vm.frames.release(fr, fr->shape);
        fr = caller;
        if (fr->flags & kClean) [[unlikely]] touch(vm, fr);
        pc = fr->pc;
        R(A) = v;
        NEXT(1);
    }
returned_specially: {
        const bool declined = (fr->aux & kOperates) && R(A).is_not_implemented();
        RESUME(declined ? operator_declined(vm, fr) : frame_returned(vm, fr, R(A)));
    }
    OP_LABEL(INTRINSIC) SLOW(0, intrinsic(vm, fr, Intrinsic(X), &R(B), C));

    // ---- generators and coroutines
    OP_LABEL(YIELD) {
        if (X) [[unlikely]] {
            fr->pc = pc;
            vm.frame = fr;
            RESUME(generator_yield(vm, fr, pc));
        }
        Value v = R(B);
        Frame* root = fr->link;
        fr->pc = pc;
        fr->state = kSuspended;
        fr = root->parent;
        if (fr->flags & kClean) [[unlikely]] touch(vm, fr);
        pc = fr->pc;
        R(A) = v;
        if (pc->op() == Op::FOR_ITER_GEN) [[likely]] NEXT(SC);
        NEXT(1);
    }
    OP_LABEL(LOAD_SENT) R(A) = vm.accumulator; NEXT(1);
    OP_LABEL(GENERATOR_RETURN_NONE)
    OP_LABEL(GENERATOR_RETURN) {
        Frame* consumer = fr->parent;
        if (fr->link == fr && consumer->pc->op() == Op::FOR_ITER_GEN && !(consumer->flags & kClean)) [[likely]] {
            Frame* g = fr;
            fr = consumer;
            pc = fr->pc;
            g->state = kDone;
            if (g->flags & kOwned) {
                R(B) = Value::unbound();
                if (uint32_t c = g->code()->frame_class) vm.heap.release(g, c);
            }
            NEXT(2);
        }
        // A delegate: its delegator goes on behind DELEGATE, as the leaf of the root. (No barrier: a frame that is not clean
        // is young, or in the remembered set since touch().)
        if (fr->link != fr && !((consumer->flags | fr->link->flags) & kClean) && fr->shape != kShapeAsyncGenerator) {
            Value v = pc->op() == Op::GENERATOR_RETURN ? R(A) : Value::none();
            Frame* g = fr;
            Frame* root = g->link;
            fr = consumer;
            pc = fr->pc;
            g->state = kDone;
            g->link = g;
            fr->state = kRunning;
            root->link = fr;
            fr->link = root;
            if (g->flags & kOwned) {
                R(B) = Value::unbound();
                if (uint32_t c = g->code()->frame_class) vm.heap.release(g, c);
            }
            R(A) = v;
            NEXT(SC);
        }
        vm.frame = fr;
        RESUME(generator_return(vm, fr, pc->op() == Op::GENERATOR_RETURN ? R(A) : Value::none()));
    }
    OP_LABEL(OBSERVE) observe(vm, fr, Observed(X), R(A)); NEXT(1);
    OP_LABEL(GET_YIELD_FROM) {
        Value v = R(B);
        R(C) = Value::none();
        if (v.is_object() && v.as_object()->shape == kShapeGenerator) [[likely]] {
            if (v.as_object()->state == kCreated && delegates_next(pc)) QUICKEN(YIELD_FROM_NEW);
            R(A) = v;
            NEXT(1);
        }
        SLOW(0, get_yield_from(vm, fr, v));
    }
    // As DELEGATE, the next instruction, does it.
#define DELEGATE_NEW(NAME, GENERAL, header) \
    OP_LABEL(NAME) { \
        Value v = R(B); \
        if (v.is_object() && header_but_flags(v.as_object()) == (header)) [[likely]] { \
            Frame* g = v.as<Frame>(); \
            Frame* root = fr->link; \
            if (!((root->flags | g->flags) & kClean)) [[likely]] { \
                R(A) = v; \
                fr->pc = pc + 1; \
                fr->state = kDelegating; \
                fr->link = nullptr; \
                root->link = g;   /* no barrier: see GENERATOR_RETURN */ \
                g->link = root; \
                g->parent = fr; \
                g->state = kRunning; \
                fr = g; \
                pc = g->pc + 1; \
                DISPATCH(); \
            } \
        } \
        QUICKEN(GENERAL); \
        goto L_##GENERAL; \
    }
    DELEGATE_NEW(YIELD_FROM_NEW, GET_YIELD_FROM, kNewGenerator)
    OP_LABEL(GET_AWAITABLE) {
        Value v = R(B);
        R(C) = Value::none();
        if (v.is_object() && header_but_flags(v.as_object()) == kNewCoroutine && !X && delegates_next(pc)) QUICKEN(AWAIT_NEW);
        if (is_native_awaitable(v)) {
            R(A) = v;
            NEXT(1);
        }
        SLOW(0, get_awaitable(vm, v, X));
    }
    DELEGATE_NEW(AWAIT_NEW, GET_AWAITABLE, kNewCoroutine)
#undef DELEGATE_NEW
    OP_LABEL(DELEGATE) {
        Value it = R(B);
        if (it.is_object() && it.as_object()->kind == Kind::Generator && it.as_object()->state == kCreated && !X &&
            R(A).is_none() && it.as_object()->shape == kShapeGenerator && !(pc[1].x() & kYieldNeedsFinalizer)) [[likely]] {
            Frame* g = it.as<Frame>();
            Frame* root = fr->link;
            if (g->link == g && !((root->flags | g->flags | fr->flags) & kClean)) [[likely]] {
                fr->pc = pc;
                fr->state = kDelegating;
                fr->link = nullptr;
                root->link = g;   // no barrier: see GENERATOR_RETURN
                g->link = root;
                g->parent = fr;
                g->state = kRunning;
                vm.accumulator = Value::none();
                fr = g;
                pc = g->pc + 1;
                DISPATCH();
            }
        }
        fr->pc = pc;
        vm.frame = fr;
        RESUME(delegate(vm, fr, pc));
    }
    OP_LABEL(GET_AITER) SLOW(0, get_aiter(vm, R(B)));
    OP_LABEL(GET_ANEXT) SLOW(0, get_anext(vm, R(B)));

    // ---- building
    OP_LABEL(BUILD_LIST) SLOW(0, build_list(vm, &R(B), C));
    OP_LABEL(BUILD_TUPLE) {
        Tuple* t = make_tuple(vm.heap, &R(B), C);
        if (!t) [[unlikely]] SLOW(0, vm.out_of_memory());
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
        if (!t) [[unlikely]] SLOW(0, vm.out_of_memory());
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
        if (vm.handled.is_none()) LAND(vm.raise(kShapeRuntimeError, "No active exception to reraise"));
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
        LAND(o);
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
                          name->data));
    }
unbound_cell: {
        Str* name = CONSTANT(pc->op() == Op::LOAD_CELL ? C : B).as<Str>();
        SLOW(0, vm.raisef(kShapeUnboundLocalError, "cannot access local variable '%s' where it is not associated with a value",
                          name->data));
    }
unbound_free: {
        Str* name = CONSTANT(pc->op() == Op::LOAD_FREE ? C : B).as<Str>();
        SLOW(0, vm.raisef(kShapeNameError,
                          "cannot access free variable '%s' where it is not associated with a value in enclosing scope",
                          name->data));
    }
}

// clang-format on

}  // namespace gen
