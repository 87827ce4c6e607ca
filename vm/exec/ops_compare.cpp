// Comparison, truth and hashes of any values. Containers nested to any depth: fast forms look 64 levels deep,
// below that every level is a frame.
#include "vm/exec/comparison.h"
#include "vm/exec/exec.h"
#include "vm/exec/iterators.h"
#include "vm/exec/lookup.h"
#include "vm/exec/ops.h"
#include "vm/exec/step.h"

namespace gen {

Special special_of(CompareOp op) {
    constexpr Special kMethods[] = {Special::Lt, Special::Le, Special::Eq,
                                    Special::Ne, Special::Gt, Special::Ge};
    return kMethods[int(op)];
}

static Fast fast_compare(CompareOp op, Value a, Value b) {
    switch (op) {
        case CompareOp::Eq:
            return fast_eq(a, b);
        case CompareOp::Ne: {
            Fast f = fast_eq(a, b);
            return f == Fast::Unhandled ? f : fast(f == Fast::False);
        }
        case CompareOp::Lt:
            return fast_order(a, b, Order::Lt);
        case CompareOp::Le:
            return fast_order(a, b, Order::Le);
        case CompareOp::Gt:
            return fast_order(a, b, Order::Gt);
        case CompareOp::Ge:
            return fast_order(a, b, Order::Ge);
    }
    return Fast::Unhandled;
}

bool ordered(CompareOp op, int order) {
    switch (op) {
        case CompareOp::Lt:
            return order < 0;
        case CompareOp::Le:
            return order <= 0;
        case CompareOp::Eq:
            return order == 0;
        case CompareOp::Ne:
            return order != 0;
        case CompareOp::Gt:
            return order > 0;
        case CompareOp::Ge:
            return order >= 0;
    }
    return false;
}

// ---- lists and tuples

static Value* items_of(Value v, size_t& size) {
    if (is_list(v)) {
        size = v.as<List>()->size;
        return v.as<List>()->items->items;
    }
    size = v.as<Tuple>()->size;
    return v.as<Tuple>()->items;
}

// The items of a and b at an index; false when one has ended: then `order` is that of their lengths.
static bool items_at(Value a, Value b, Value index, Value& x, Value& y, int& order) {
    size_t n, m;
    auto i = size_t(index.as_int());
    Value *left = items_of(a, n), *right = items_of(b, m);
    order = n < m ? -1 : n > m;
    if (i >= n || i >= m) return false;
    x = left[i];
    y = right[i];
    return true;
}

// sequence_compare(op, a, b, index): the first pair of items that differ decides.
static Outcome sequence_compare_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kPaused = 1, kEqual, kDecided };
    auto op = CompareOp(frame[0].as_int());
    Value x, y;
    int order;
    switch (frame.step_state()) {
        case 0:
            for (;;) {
                PAUSE(kPaused)
                if (!items_at(frame[1], frame[2], frame[3], x, y, order))
                    return Value::boolean(ordered(op, order));
                AWAIT(kEqual, op_equal(vm, x, y))
                if (!frame.result().is_true()) break;
                frame[3] = Value::integer(frame[3].as_int() + 1);
            }
            // The comparison may have shortened a list.
            if (!items_at(frame[1], frame[2], frame[3], x, y, order))
                return Value::boolean(ordered(op, order));
            if (op == CompareOp::Eq || op == CompareOp::Ne) return Value::boolean(op == CompareOp::Ne);
            AWAIT(kDecided, op_compare(vm, op, x, y))
            return frame.result();
    }
    return Outcome::raised();
}
static const NativeDef kSequenceCompare = {"compare(operator, a, b, index, /)", nullptr,
                                           sequence_compare_step, 0, kHiddenNative};

Outcome sequence_compare(VM& vm, CompareOp op, Value a, Value b) {
    bool same_layout = b.is_object() && a.as_object()->kind == b.as_object()->kind;
    if (!same_layout) return Value::not_implemented();
    size_t n, m;
    Value *x = items_of(a, n), *y = items_of(b, m);
    if (n != m && (op == CompareOp::Eq || op == CompareOp::Ne)) return Value::boolean(op == CompareOp::Ne);
    size_t i = 0;
    for (size_t stop = std::min({n, m, size_t{1000}}); i < stop; i++) {
        Fast same = fast_same(x[i], y[i]);
        if (same == Fast::Unhandled) break;
        if (same == Fast::True) continue;
        if (op == CompareOp::Eq || op == CompareOp::Ne) return Value::boolean(op == CompareOp::Ne);
        return op_compare(vm, op, x[i], y[i]);
    }
    if (i == n || i == m) return Value::boolean(ordered(op, n < m ? -1 : n > m));
    return call_internal(vm, kSequenceCompare,
                         {Value::integer(int64_t(op)), a, b, Value::integer(int64_t(i))});
}

// ---- dicts

// dict_equal(negate, a, b): registers: position, value of a.
static Outcome dict_equal_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kPaused = 1, kFound, kEqual };
    bool negate = frame[0].is_true();
    uint32_t position;
    DictEntry* e;
    switch (frame.step_state()) {
        case 0:
            if (dict_length(frame[1].as<Dict>()) != dict_length(frame[2].as<Dict>()))
                return Value::boolean(negate);
            frame[3] = Value::integer(0);
            for (;;) {
                PAUSE(kPaused)
                position = uint32_t(frame[3].as_int());
                e = next_entry(frame[1].as<Dict>(), position);
                if (!e) return Value::boolean(!negate);
                frame[3] = Value::integer(position);
                frame[4] = e->value;
                AWAIT(kFound, op_dict_get(vm, frame[2].as<Dict>(), e->key))
                if (frame.result().is_unbound()) return Value::boolean(negate);
                AWAIT(kEqual, op_equal(vm, frame[4], frame.result()))
                if (!frame.result().is_true()) return Value::boolean(negate);
            }
    }
    return Outcome::raised();
}
static const NativeDef kDictEqual = {"equal(negate, a, b, /)", nullptr, dict_equal_step, 2, kHiddenNative};

Outcome dict_compare(VM& vm, CompareOp op, Value a, Value b) {
    if (!is_dict(b) || (op != CompareOp::Eq && op != CompareOp::Ne)) return Value::not_implemented();
    if (dict_length(a.as<Dict>()) != dict_length(b.as<Dict>())) return Value::boolean(op == CompareOp::Ne);
    return call_internal(vm, kDictEqual, {Value::boolean(op == CompareOp::Ne), a, b});
}

// ---- sets

// subset(negate, a, b): is every item of a in b? Register: position.
static Outcome subset_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kPaused = 1, kFound };
    bool negate = frame[0].is_true();
    uint32_t position;
    DictEntry* e;
    switch (frame.step_state()) {
        case 0:
            frame[3] = Value::integer(0);
            for (;;) {
                PAUSE(kPaused)
                position = uint32_t(frame[3].as_int());
                e = next_entry(frame[1].as<Set>(), position);
                if (!e) return Value::boolean(!negate);
                frame[3] = Value::integer(position);
                AWAIT(kFound, op_set_contains(vm, frame[2].as<Set>(), e->key))
                if (!frame.result().is_true()) return Value::boolean(negate);
            }
    }
    return Outcome::raised();
}
static const NativeDef kSubset = {"subset(negate, a, b, /)", nullptr, subset_step, 1, kHiddenNative};

Outcome set_compare(VM& vm, CompareOp op, Value a, Value b) {
    if (!is_set(b)) return Value::not_implemented();
    bool negate = op == CompareOp::Ne;
    if (op == CompareOp::Gt || op == CompareOp::Ge) {
        std::swap(a, b);
        op = reflected(op);
    }
    uint32_t n = set_length(a.as<Set>()), m = set_length(b.as<Set>());
    bool possible = op == CompareOp::Lt ? n < m : op == CompareOp::Le ? n <= m : n == m;
    if (!possible) return Value::boolean(negate);
    Fast subset = table_subset(a.as<Set>()->table, b.as<Set>()->table);
    if (subset != Fast::Unhandled) return Value::boolean((subset == Fast::True) != negate);
    return call_internal(vm, kSubset, {Value::boolean(negate), a, b});
}

// ---- the protocol

static bool not_equal_by_default(VM& vm, Value method) {
    return method.is_unbound() || is_object_special(vm, method, Special::Ne);
}

// What a method says of two containers of the same exact class, without looking it up.
static Outcome compare_containers(VM& vm, CompareOp op, Value a, Value b) {
    if (!a.is_object() || !b.is_object()) return Outcome::unhandled();
    uint32_t shape = a.as_object()->shape;
    if (shape != b.as_object()->shape) return Outcome::unhandled();
    switch (shape) {
        case kShapeList:
        case kShapeTuple:
            return sequence_compare(vm, op, a, b);
        case kShapeDict:
            if (op != CompareOp::Eq && op != CompareOp::Ne) return Outcome::unhandled();
            return dict_compare(vm, op, a, b);
        case kShapeSet:
        case kShapeFrozenSet:
            return set_compare(vm, op, a, b);
        default:
            return Outcome::unhandled();
    }
}

struct Comparison {
    Special special;
    Value method;
    bool reflected;
    bool negate;  // __ne__ of object: not __eq__
};

// The method that `self` has for the comparison. False: none that decides more than the default does.
static bool find_comparison(VM& vm, CompareOp op, const Class* self, Comparison& out) {
    out.special = special_of(op);
    out.method = self->specials[int(out.special)];
    out.negate = op == CompareOp::Ne && not_equal_by_default(vm, out.method);
    if (out.negate) {
        out.special = Special::Eq;
        out.method = self->specials[int(Special::Eq)];
    }
    return !out.method.is_unbound() && !is_object_special(vm, out.method, out.special);
}

// The next method to ask, from turn `turn` on (0 and 1: that of the right operand comes first if its class
// derives from that of the left one). False: there is none.
static bool next_comparison(VM& vm, CompareOp op, Value a, Value b, int64_t& turn, Comparison& out) {
    Class *left = vm.class_of(a), *right = vm.class_of(b);
    bool right_first = left != right && vm.is_subclass(right, left);
    while (turn < 2) {
        out.reflected = (turn++ == 0) == right_first;
        if (find_comparison(vm, out.reflected ? reflected(op) : op, out.reflected ? right : left, out))
            return true;
    }
    return false;
}

static Outcome ask(VM& vm, const Comparison& c, Value a, Value b) {
    return c.reflected ? call_found(vm, c.special, c.method, b, {a})
                       : call_found(vm, c.special, c.method, a, {b});
}

static Outcome compare_by_default(VM& vm, CompareOp op, Value a, Value b) {
    if (op == CompareOp::Eq) return Value::boolean(a.is(b));
    if (op == CompareOp::Ne) return Value::boolean(!a.is(b));
    constexpr const char* kSymbols[] = {"<", "<=", "==", "!=", ">", ">="};
    return vm.type_error("'%s' not supported between instances of '%s' and '%s'", kSymbols[int(op)],
                         std::string(vm.type_name(a)).c_str(), std::string(vm.type_name(b)).c_str());
}

// Does it take more than binding a function to make a method of it?
static bool is_other_descriptor(VM& vm, Value method) {
    const Kind kind = method.is_object() ? method.as_object()->kind : Kind::Function;
    return kind != Kind::Function && kind != Kind::Native && is_descriptor(vm, method);
}

// compare(op, a, b, turn): asks the methods from `turn` on. Registers: whether to negate; the other operand.
static Outcome comparison_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kAsked = 1, kTruth, kBound, kCalled };
    auto op = CompareOp(frame[0].as_int());
    Comparison next;
    Value self;
    int64_t turn;
    switch (frame.step_state()) {
        case 0:
            for (;;) {
                turn = frame[3].as_int();
                if (!next_comparison(vm, op, frame[1], frame[2], turn, next))
                    return compare_by_default(vm, op, frame[1], frame[2]);
                frame[3] = Value::integer(turn);
                frame[4] = Value::boolean(next.negate);
                if (is_other_descriptor(vm, next.method)) {
                    // Whose method cannot even be had gives no answer.
                    self = frame[next.reflected ? 2 : 1];
                    frame[5] = frame[next.reflected ? 1 : 2];
                    AWAIT_CATCHING(kBound,
                                   descriptor_get(vm, next.method, self, Value::object(vm.class_of(self))))
                    if (frame.result().is_unbound()) continue;
                    AWAIT(kCalled, vm.call(frame.result(), {frame[5]}));
                } else {
                    AWAIT(kAsked, ask(vm, next, frame[1], frame[2]));
                }
                if (!frame.result().is_not_implemented()) break;
            }
            if (!frame[4].is_true()) return frame.result();
            AWAIT(kTruth, op_truth(vm, frame.result()))
            return Value::boolean(!frame.result().is_true());
    }
    return Outcome::raised();
}
static const NativeDef kComparison = {"compare(operator, a, b, turn, /)", nullptr, comparison_step, 2,
                                      kHiddenNative};

Value direct_comparison(VM& vm, CompareOp op, Value a, Value b) {
    if (!a.is_object() || !b.is_object()) return Value::unbound();
    Class* cls = vm.class_of(a);
    if (cls != vm.class_of(b) || (cls->class_flags & Class::kBuiltin)) return Value::unbound();
    Value method = cls->specials[int(special_of(op))];
    return method.is_object() && method.as_object()->kind == Kind::Function ? method : Value::unbound();
}

Outcome compare_otherwise(VM& vm, CompareOp op, Value a, Value b) {
    return call_internal(vm, kComparison, {Value::integer(int64_t(op)), a, b, Value::integer(1)});
}

Outcome op_compare(VM& vm, CompareOp op, Value a, Value b) {
    // Is there an answer, and which? No text is None.
    if ((op == CompareOp::Eq || op == CompareOp::Ne) &&
        (a.is_none() ? is_exact_str(b) : b.is_none() && is_exact_str(a)))
        return Value::boolean(op == CompareOp::Ne);
    Fast f = fast_compare(op, a, b);
    if (f != Fast::Unhandled) return Value::boolean(f == Fast::True);
    Outcome o = compare_containers(vm, op, a, b);
    if (!o.is_unhandled()) return o;
    Comparison next;
    for (int64_t turn = 0, from = 0; next_comparison(vm, op, a, b, turn, next); from = turn) {
        if (next.negate || !as_native(next.method))
            return call_internal(vm, kComparison, {Value::integer(int64_t(op)), a, b, Value::integer(from)});
        // As in op_binary, a native that calls the script does not answer NotImplemented afterwards.
        o = ask(vm, next, a, b);
        if (!o.is_value() || !o.value().is_not_implemented()) return o;
    }
    return compare_by_default(vm, op, a, b);
}

static Outcome equal_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kCompared = 1, kTruth, kCalled, kOtherwise };
    Value direct;
    switch (frame.step_state()) {
        case 0:
            direct = direct_comparison(vm, CompareOp::Eq, frame[0], frame[1]);
            if (!direct.is_unbound()) {
                AWAIT(kCalled, vm.call(direct, {frame[0], frame[1]}))
                if (frame.result().is_not_implemented()) {
                    AWAIT(kOtherwise, compare_otherwise(vm, CompareOp::Eq, frame[0], frame[1]));
                }
            } else {
                AWAIT(kCompared, op_compare(vm, CompareOp::Eq, frame[0], frame[1]));
            }
            if (frame.result().is_bool()) return frame.result();
            AWAIT(kTruth, op_truth(vm, frame.result()))
            return frame.result();
    }
    return Outcome::raised();
}
static const NativeDef kEqual = {"equal(a, b, /)", nullptr, equal_step, 0, kHiddenNative};

Outcome op_equal(VM& vm, Value a, Value b) {
    Fast f = fast_same(a, b);
    if (f != Fast::Unhandled) return Value::boolean(f == Fast::True);
    if ((vm.class_of(a)->class_flags & vm.class_of(b)->class_flags & Class::kIdentityEq))
        return Value::false_();
    Outcome o = compare_containers(vm, CompareOp::Eq, a, b);  // True or False itself, or its long form
    if (!o.is_unhandled()) return o;
    return call_internal(vm, kEqual, {a, b});
}

// ---- truth

static Outcome truth_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kBool = 1, kLength, kIndex };
    Value method;
    int64_t length;
    switch (frame.step_state()) {
        case 0:
            method = vm.special(frame[0], Special::Bool);
            if (!method.is_unbound()) {
                AWAIT(kBool, call_found(vm, Special::Bool, method, frame[0]))
                if (!frame.result().is_bool())
                    return vm.type_error("__bool__ should return bool, returned %s",
                                         vm.type_name(frame.result()));
                return frame.result();
            }
            method = vm.special(frame[0], Special::Len);
            if (!method.is_unbound()) {
                AWAIT(kLength, call_found(vm, Special::Len, method, frame[0]))
                AWAIT(kIndex, op_index(vm, frame.result()))
                if (int_sign(frame.result()) < 0)
                    return vm.raise(kShapeValueError, "__len__() should return >= 0");
                if (!int_to_int64(frame.result(), length))
                    return vm.raise(kShapeOverflowError, "cannot fit 'int' into an index-sized integer");
                return Value::boolean(length != 0);
            }
            return Value::true_();
    }
    return Outcome::raised();
}
static const NativeDef kTruth = {"bool(object, /)", nullptr, truth_step, 0, kHiddenNative};

// What __bool__ or __len__ of a class written in C++ gives, as a bool.
static Outcome truth_of(Outcome o) {
    if (!o.is_value() || o.value().is_bool()) return o;
    return o.value().is_int() ? Outcome(Value::boolean(o.value().as_int() > 0)) : Outcome::unhandled();
}

[[gnu::noinline]] static Outcome truth_otherwise(VM& vm, Value v) {
    if (!v.is_object() || v.as_object()->shape < kBuiltinShapes) {
        Fast f = fast_truth(v);
        if (f != Fast::Unhandled) return Value::boolean(f == Fast::True);
    }
    const Special which = vm.special(v, Special::Bool).is_unbound() ? Special::Len : Special::Bool;
    Value method = vm.special(v, which);
    if (method.is_unbound()) return Value::true_();
    if (Native* n = as_native(method); n && inherits_special(vm, v, which) && takes_directly(vm, n, v, 1)) {
        Outcome o = truth_of(n->def->fn(vm, &v));
        if (!o.is_unhandled()) return o;
    }
    return call_internal(vm, kTruth, {v});
}

Outcome op_truth(VM& vm, Value v) {
    if (v.is_object() && v.as_object()->shape >= kBuiltinShapes) {
        Native* n = as_native(vm.special(v, Special::Bool));
        if (n && n->aux == 1 && binds(n)) {
            Outcome o = truth_of(n->def->fn(vm, &v));
            if (!o.is_unhandled()) [[likely]]
                return o;
        }
    }
    return truth_otherwise(vm, v);
}

static Outcome not_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_truth(vm, frame[0]))
            return Value::boolean(!frame.result().is_true());
    }
    return Outcome::raised();
}
static const NativeDef kNot = {"not_(object, /)", nullptr, not_step, 0, kHiddenNative};

Outcome op_not(VM& vm, Value v) {
    Fast f = fast_truth(v);
    if (f != Fast::Unhandled) return Value::boolean(f == Fast::False);
    if (vm.special(v, Special::Bool).is_unbound() && vm.special(v, Special::Len).is_unbound())
        return Value::false_();
    return call_internal(vm, kNot, {v});
}

// ---- hashes

uint64_t hash_of_int(Value v) {
    int64_t i;
    uint64_t h = int_to_int64(v, i) ? uint64_t(i) : int_hash(v);
    return h == ~uint64_t{0} ? ~uint64_t{1} : h;
}

Value identity_hash(VM& vm, Value v) { return hash_value(vm, hash_identity(address_of(vm, v))); }

// tuple_hash(tuple): registers: position, state so far.
static Outcome tuple_hash_step(VM& vm, NativeFrame& frame) {
    enum : uint32_t { kPaused = 1, kHashed };
    TupleHash hash;
    uint64_t index;
    switch (frame.step_state()) {
        case 0:
            frame[1] = Value::integer(0);
            frame[2] = make_uint(vm.heap, hash.state);
            for (;;) {
                PAUSE(kPaused)
                index = uint64_t(frame[1].as_int());
                if (index == frame[0].as<Tuple>()->size) {
                    int_to_uint64(frame[2], hash.state);
                    return hash_value(vm, hash.finish(index));
                }
                AWAIT(kHashed, op_hash(vm, frame[0].as<Tuple>()->items[index]))
                int_to_uint64(frame[2], hash.state);
                hash.add(hash_of_int(frame.result()));
                frame[2] = make_uint(vm.heap, hash.state);
                frame[1] = Value::integer(frame[1].as_int() + 1);
            }
    }
    return Outcome::raised();
}
static const NativeDef kTupleHash = {"hash(tuple, /)", nullptr, tuple_hash_step, 2, kHiddenNative};

static bool hash_by_identity(void* context, Object* o, uint64_t& out) {
    const VM& vm = *static_cast<const VM*>(context);
    if (!is_object_special(vm, vm.special(Value::object(o), Special::Hash), Special::Hash)) return false;
    out = hash_identity(address_of(vm, Value::object(o)));
    return true;
}

Outcome tuple_hash(VM& vm, Value v) { return call_internal(vm, kTupleHash, {v}); }

static Outcome unhashable(VM& vm, Value v) { return vm.type_error("unhashable type: '%s'", vm.type_name(v)); }

static Outcome hash_step(VM& vm, NativeFrame& frame) {
    Value method;
    switch (frame.step_state()) {
        case 0:
            method = vm.special(frame[0], Special::Hash);
            if (method.is_unbound() || method.is_none()) return unhashable(vm, frame[0]);
            AWAIT(1, call_found(vm, Special::Hash, method, frame[0]))
            if (!is_int_like(frame.result()))
                return vm.type_error("__hash__ method should return an integer");
            return hash_value(vm, hash_of_int(frame.result()));
    }
    return Outcome::raised();
}
static const NativeDef kHash = {"hash(object, /)", nullptr, hash_step, 0, kHiddenNative};

Outcome op_hash(VM& vm, Value v) {
    uint64_t h;
    if (fast_hash({vm.hash_key, hash_by_identity, &vm}, v, h)) return hash_value(vm, h);
    if (is_exact_tuple(v)) return tuple_hash(vm, v);
    Value method = vm.special(v, Special::Hash);
    if (method.is_unbound() || method.is_none()) return unhashable(vm, v);
    if (inherits_native(vm, v, Special::Hash)) return call_found(vm, Special::Hash, method, v);
    return call_internal(vm, kHash, {v});
}

}  // namespace gen
