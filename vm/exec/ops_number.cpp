// Operators on any values: the fast ones for exact numbers, then the protocol of special methods.
#include "vm/exec/arithmetic.h"
#include "vm/exec/ops.h"
#include "vm/exec/step.h"

namespace gen {

static constexpr unsigned kBinaryOps = unsigned(BinaryOp::DivMod) + 1;

struct OperatorNames {
    Special method, reflected, in_place;
    const char* symbol;
};
static constexpr OperatorNames kOperators[kBinaryOps] = {
    {Special::Add, Special::Radd, Special::Iadd, "+"},
    {Special::Sub, Special::Rsub, Special::Isub, "-"},
    {Special::Mul, Special::Rmul, Special::Imul, "*"},
    {Special::Matmul, Special::Rmatmul, Special::Imatmul, "@"},
    {Special::Truediv, Special::Rtruediv, Special::Itruediv, "/"},
    {Special::Floordiv, Special::Rfloordiv, Special::Ifloordiv, "//"},
    {Special::Mod, Special::Rmod, Special::Imod, "%"},
    {Special::Pow, Special::Rpow, Special::Ipow, "** or pow()"},
    {Special::Lshift, Special::Rlshift, Special::Ilshift, "<<"},
    {Special::Rshift, Special::Rrshift, Special::Irshift, ">>"},
    {Special::And, Special::Rand, Special::Iand, "&"},
    {Special::Or, Special::Ror, Special::Ior, "|"},
    {Special::Xor, Special::Rxor, Special::Ixor, "^"},
    {Special::Divmod, Special::Rdivmod, Special::Divmod, "divmod()"},
};

Special special_of(BinaryOp op) { return kOperators[int(op)].method; }
Special reflected_special_of(BinaryOp op) { return kOperators[int(op)].reflected; }
Special in_place_special_of(BinaryOp op) { return kOperators[int(op)].in_place; }

Outcome unsupported_operands(VM& vm, BinaryOp op, Value a, Value b, bool in_place) {
    std::string symbol = kOperators[int(op)].symbol;
    if (in_place) symbol = op == BinaryOp::Pow ? "**=" : symbol + "=";
    const char* hint = "";
    if (op == BinaryOp::RShift && !in_place)
        if (Native* n = as_native(a); n && std::string_view(n->def->signature.text).starts_with("print("))
            hint = ". Did you mean \"print(<message>, file=<output_stream>)\"?";
    return vm.type_error("unsupported operand type(s) for %s: '%s' and '%s'%s", symbol.c_str(),
                         std::string(vm.type_name(a)).c_str(), std::string(vm.type_name(b)).c_str(), hint);
}

// ---- which methods to try, and in which order

struct Candidate {
    Special special;
    Value method, self, other;
};
struct Candidates {
    Candidate list[3];
    unsigned count = 0;
    void add(Special s, Value method, Value self, Value other) {
        if (!method.is_unbound()) list[count++] = {s, method, self, other};
    }
};

// Concatenation and repetition of built-in sequences, which other operands' methods come before.
static bool is_sequence_method(Value method) {
    Native* n = as_native(method);
    if (!n || n->owner.is_unbound()) return false;
    Kind k = n->owner.as<Class>()->instance_kind;
    return k == Kind::Str || k == Kind::Bytes || k == Kind::ByteArray || k == Kind::List || k == Kind::Tuple;
}

// A class of the script that defines + or * like a number, either way round, though it derives from a sequence.
static bool is_like_number(const Class* cls, const OperatorNames& names) {
    for (Special s : {names.method, names.reflected}) {
        Value method = cls->specials[int(s)];
        if (!method.is_unbound() && !is_sequence_method(method)) return true;
    }
    return false;
}

static Candidates candidates(VM& vm, BinaryOp op, Value a, Value b, bool in_place) {
    const OperatorNames& names = kOperators[int(op)];
    Class *left = vm.class_of(a), *right = vm.class_of(b);
    Value method = left->specials[int(names.method)];
    Value reflected = left == right ? Value::unbound() : right->specials[int(names.reflected)];
    Value replacing = in_place ? left->specials[int(names.in_place)] : Value::unbound();
    const bool of_script = left->class_flags & Class::kHeapType;
    bool sequence = (op == BinaryOp::Add || op == BinaryOp::Mul) &&
                    (is_sequence_method(method) || is_sequence_method(replacing)) &&
                    !(of_script && (is_like_number(left, names) ||
                                    (in_place && op == BinaryOp::Add && !replacing.is_unbound())));
    // `x *= sequence` repeats for numbers and the like only.
    if (in_place && op == BinaryOp::Mul && is_sequence_method(reflected) && !is_like_number(right, names) &&
        (of_script || !left->specials[int(Special::Len)].is_unbound()))
        reflected = Value::unbound();
    Candidates c;
    if (sequence) {
        if (!is_sequence_method(reflected)) c.add(names.reflected, reflected, b, a);
        if (!replacing.is_unbound())
            c.add(names.in_place, replacing, a, b);
        else
            c.add(names.method, method, a, b);
        return c;
    }
    c.add(names.in_place, replacing, a, b);
    bool right_first = !reflected.is_unbound() && !reflected.is(left->specials[int(names.reflected)]) &&
                       vm.is_subclass(right, left);
    if (right_first) c.add(names.reflected, reflected, b, a);
    c.add(names.method, method, a, b);
    if (!right_first) c.add(names.reflected, reflected, b, a);
    return c;
}

bool has_index(VM& vm, Value v) { return is_int_like(v) || !vm.special(v, Special::Index).is_unbound(); }

static Outcome try_candidate(VM& vm, const Candidate& c) {
    bool repeats = c.special == Special::Mul || c.special == Special::Rmul || c.special == Special::Imul;
    if (repeats && is_sequence_method(c.method) && !has_index(vm, c.other) &&
        !is_like_number(vm.class_of(c.self), kOperators[int(BinaryOp::Mul)]))
        return vm.type_error("can't multiply sequence by non-int of type '%s'", vm.type_name(c.other));
    return call_found(vm, c.special, c.method, c.self, {c.other});
}

// binary_operation(how, a, b, index): tries the candidates from `index` on. how: the operator, + 256 in
// place.
static Outcome binary_operation_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kTry, kGotResult };
    auto how = uint64_t(frame[0].as_int());
    auto op = BinaryOp(how & 255);
    bool in_place = how & 256;
    for (;;) {
        switch (frame.step_state()) {
            case kTry: {
                Candidates c = candidates(vm, op, frame[1], frame[2], in_place);
                auto index = size_t(frame[3].as_int());
                if (index >= c.count) return unsupported_operands(vm, op, frame[1], frame[2], in_place);
                frame[3] = Value::integer(int64_t(index) + 1);
                if (!frame.await(vm, try_candidate(vm, c.list[index]), kGotResult)) return vm.pending;
                [[fallthrough]];
            }
            default:
                if (!frame.result().is_not_implemented()) return frame.result();
                frame.step_state() = kTry;
        }
    }
}
static const NativeDef kBinaryOperation = {"binary_operation(how, a, b, index, /)", nullptr,
                                           binary_operation_step, 0, kHiddenNative};

static bool is_exact_integer(Value v) { return is_exact_int(v) || v.is_bool(); }

Outcome binary_otherwise(VM& vm, BinaryOp op, Value a, Value b, bool in_place) {
    return call_internal(vm, kBinaryOperation,
                         {Value::integer(int64_t(op) | (in_place ? 256 : 0)), a, b, Value::integer(1)});
}

Outcome op_binary(VM& vm, BinaryOp op, Value a, Value b, bool in_place) {
    if (is_exact_integer(a)) {
        if (is_exact_integer(b)) {
            Outcome o = int_binary(vm, op, a, b);
            return o.is_value() && o.value().is_not_implemented()
                       ? unsupported_operands(vm, op, a, b, in_place)
                       : o;
        }
        if (is_exact_float(b)) {
            Outcome o = float_binary(vm, op, a, b);
            return o.is_value() && o.value().is_not_implemented()
                       ? unsupported_operands(vm, op, a, b, in_place)
                       : o;
        }
    } else if (is_exact_float(a) && (is_exact_float(b) || is_exact_integer(b))) {
        Outcome o = float_binary(vm, op, a, b);
        return o.is_value() && o.value().is_not_implemented() ? unsupported_operands(vm, op, a, b, in_place)
                                                              : o;
    } else if (op == BinaryOp::Add && a.is_object() && b.is_object() &&
               a.as_object()->shape == b.as_object()->shape) {
        switch (a.as_object()->shape) {
            case kShapeStr:
                if (Str* s = concat(vm.heap, a.as<Str>(), b.as<Str>())) return Value::object(s);
                return vm.no_room();
            case kShapeList:
                if (in_place) break;
                if (List* l = list_concat(vm.heap, a.as<List>(), b.as<List>())) return Value::object(l);
                return vm.no_room();
            case kShapeTuple:
                if (Tuple* t = tuple_concat(vm.heap, a.as<Tuple>(), b.as<Tuple>())) return Value::object(t);
                return vm.no_room();
            default:
                break;
        }
    }
    Candidates c = candidates(vm, op, a, b, in_place);
    for (unsigned i = 0; i < c.count; i++) {
        if (!as_native(c.list[i].method))
            return call_internal(
                vm, kBinaryOperation,
                {Value::integer(int64_t(op) | (in_place ? 256 : 0)), a, b, Value::integer(i)});
        // A native that has to call the script never answers NotImplemented after that: a tail call is right.
        Outcome o = try_candidate(vm, c.list[i]);
        if (!o.is_value() || !o.value().is_not_implemented()) return o;
    }
    return unsupported_operands(vm, op, a, b, in_place);
}

// ---- pow() with a modulus: only the methods of the base, and of the exponent and modulus if their class is
// another

static Outcome power_unsupported(VM& vm, Value a, Value b, Value modulus) {
    for (Value v : {b, modulus}) {
        if (is_float(v))
            return vm.type_error("pow() 3rd argument not allowed unless all arguments are integers");
        if (is_complex(v)) return vm.raise(kShapeValueError, "complex modulo");
    }
    return vm.type_error("unsupported operand type(s) for ** or pow(): '%s', '%s', '%s'", vm.type_name(a),
                         vm.type_name(b), vm.type_name(modulus));
}

static Outcome power_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kStart, kGotResult };
    if (frame.step_state() == kStart) {
        Value method = vm.special(frame[0], Special::Pow);
        if (method.is_unbound()) return power_unsupported(vm, frame[0], frame[1], frame[2]);
        if (!frame.await(vm, call_found(vm, Special::Pow, method, frame[0], {frame[1], frame[2]}),
                         kGotResult))
            return vm.pending;
    }
    if (frame.result().is_not_implemented()) return power_unsupported(vm, frame[0], frame[1], frame[2]);
    return frame.result();
}
static const NativeDef kPower = {"power(base, exponent, modulus, /)", nullptr, power_step, 0, kHiddenNative};

Outcome op_power(VM& vm, Value a, Value b, Value modulus) {
    if (modulus.is_none()) return op_binary(vm, BinaryOp::Pow, a, b);
    if (is_exact_integer(a) && is_exact_integer(b) && is_exact_integer(modulus))
        return int_power(vm, a, b, modulus);
    return call_internal(vm, kPower, {a, b, modulus});
}

// ---- one operand

static Outcome unary(VM& vm, Special s, const char* symbol, Value v) {
    Value method = vm.special(v, s);
    if (method.is_unbound())
        return vm.type_error("bad operand type for unary %s: '%s'", symbol, vm.type_name(v));
    return call_found(vm, s, method, v);
}

Outcome op_negative(VM& vm, Value v) {
    if (is_exact_integer(v)) return vm.checked(int_neg(vm.heap, v));
    if (is_exact_float(v)) return vm.real(-as_float(v));
    return unary(vm, Special::Neg, "-", v);
}

Outcome op_positive(VM& vm, Value v) {
    if (is_exact_integer(v)) return vm.checked(int_exact(vm.heap, v));
    if (is_exact_float(v)) return v;
    return unary(vm, Special::Pos, "+", v);
}

Outcome op_invert(VM& vm, Value v) {
    if (is_exact_integer(v)) return vm.checked(int_invert(vm.heap, v));
    return unary(vm, Special::Invert, "~", v);
}

std::string subclass_warning(VM& vm, std::string_view method, std::string_view type, Value result) {
    std::string name(type);
    return std::string(method) + " returned non-" + name + " (type " + vm.type_name(result) +
           ").  The ability to return an instance of a strict subclass of " + name +
           " is deprecated, and may not be supported in a future version of Python.";
}

static Outcome index_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kGotResult = 1, kWarned };
    Value method;
    switch (frame.step_state()) {
        case 0:
            method = vm.special(frame[0], Special::Index);
            if (method.is_unbound())
                return vm.type_error("'%s' object cannot be interpreted as an integer",
                                     vm.type_name(frame[0]));
            AWAIT(kGotResult, call_found(vm, Special::Index, method, frame[0]))
            if (!is_int_like(frame.result()))
                return vm.type_error("__index__ returned non-int (type %s)", vm.type_name(frame.result()));
            frame[1] = frame.result();
            if (!is_exact_int(frame[1])) {
                AWAIT(kWarned,
                      warn(vm, kShapeDeprecationWarning, subclass_warning(vm, "__index__", "int", frame[1])));
            }
            return vm.checked(int_exact(vm.heap, frame[1]));
    }
    return Outcome::raised();
}
static const NativeDef kIndex = {"index(object, /)", nullptr, index_step, 1, kHiddenNative};

Outcome op_index(VM& vm, Value v) {
    if (is_exact_int(v)) return v;
    if (is_int_like(v)) return vm.checked(int_exact(vm.heap, v));
    if (vm.special(v, Special::Index).is_unbound())
        return vm.type_error("'%s' object cannot be interpreted as an integer", vm.type_name(v));
    return call_internal(vm, kIndex, {v});
}

}  // namespace gen
