// isinstance and issubclass: real inheritance, __instancecheck__ and __subclasscheck__, tuples and unions of classes.
#include "vm/exec/ops.h"
#include "vm/exec/step.h"

namespace gen {

static bool is_class(Value v) { return v.is_object() && v.as_object()->kind == Kind::Class; }

// The alternatives of a tuple or union; null for anything else.
static Tuple* alternatives(Value cls) {
    if (!cls.is_object()) return nullptr;
    if (cls.as_object()->kind == Kind::Tuple) return cls.as<Tuple>();
    if (cls.as_object()->kind == Kind::UnionType) return cls.as<UnionType>()->args.as<Tuple>();
    return nullptr;
}

enum Question : int64_t { kInstance, kSubclass };

// Does the metaclass have a check of its own?
static bool has_own_check(VM& vm, Value cls, Question question) {
    Special s = question == kInstance ? Special::Instancecheck : Special::Subclasscheck;
    Value method = vm.special(cls, s);
    return !method.is_unbound() && !method.is(vm.type(kShapeType)->specials[int(s)]);
}

static Outcome wrong_class(VM& vm, Question question) {
    return vm.raise(kShapeTypeError,
                    question == kInstance
                        ? "isinstance() arg 2 must be a type, a tuple of types, or a union"
                        : "issubclass() arg 2 must be a class, a tuple of classes, or a union");
}

// May v.__class__ be another class than type(v)? Only where a class of the script says so.
static bool may_pretend(VM& vm, Value v) {
    Class* c = vm.class_of(v);
    if (c->class_flags & Class::kBuiltin) return false;
    if (!(c->class_flags & Class::kPlainGetattr)) return true;
    return !vm.lookup(c, vm.names.class_).is(vm.lookup(vm.type(kShapeObject), vm.names.class_));
}

// What needs no call; depth bounds nested tuples on the C stack.
static Outcome check_fast(VM& vm, Value v, Value cls, Question question, int depth) {
    if (question == kInstance && is_class(cls) && vm.class_of(v) == cls.as<Class>()) return Value::true_();
    if (Tuple* t = alternatives(cls)) {
        if (depth == 0) return Outcome::unhandled();
        for (size_t i = 0; i < t->size; i++) {
            Outcome o = check_fast(vm, v, t->items[i], question, depth - 1);
            if (!o.is_value() || o.value().is_true()) return o;
        }
        return Value::false_();
    }
    if (has_own_check(vm, cls, question)) return Outcome::unhandled();
    if (!is_class(cls)) {
        if (!(cls.is_object() && cls.as_object()->shape >= kBuiltinShapes)) return wrong_class(vm, question);
        return Outcome::unhandled();  // perhaps it has __bases__
    }
    if (question == kInstance) {
        if (vm.is_subclass(vm.class_of(v), cls.as<Class>())) return Value::true_();
        return may_pretend(vm, v) ? Outcome::unhandled() : Outcome(Value::false_());
    }
    if (!is_class(v)) return Outcome::unhandled();
    return Value::boolean(vm.is_subclass(v.as<Class>(), cls.as<Class>()));
}

// v, class, question. 3 the alternatives not yet asked (List, last first), 4 the one that is asked
static Outcome check_step(VM& vm, NativeFrame& frame) {
    auto question = Question(frame[2].as_int());
    Tuple* t;
    Outcome o = Outcome::unhandled();
    switch (frame.step_state()) {
        case 0:
            frame[3] = vm.list({frame[1]});
            while (frame[3].as<List>()->size > 0) {
                PAUSE(1);
                frame[4] = list_pop(frame[3].as<List>(), frame[3].as<List>()->size - 1);
                t = alternatives(frame[4]);
                if (t) {
                    for (size_t i = t->size; i-- > 0;)
                        if (!list_append(vm.heap, frame[3].as<List>(), t->items[i]))
                            return vm.out_of_memory();
                    continue;
                }
                o = check_fast(vm, frame[0], frame[4], question, 0);
                if (o.is_raised()) return o;
                if (o.is_value()) {
                    if (o.value().is_true()) return Value::true_();
                    continue;
                }
                if (has_own_check(vm, frame[4], question)) {
                    AWAIT(2, vm.call_special(
                                 question == kInstance ? Special::Instancecheck : Special::Subclasscheck,
                                 frame[4], {frame[0]}));
                    AWAIT(3, op_truth(vm, frame.result()));
                } else {
                    AWAIT(4, vm.call_prelude(vm.intern(question == kInstance ? "_isinstance" : "_issubclass"),
                                             {frame[0], frame[4]}));
                }
                if (frame.result().is_true()) return Value::true_();
            }
    }
    return Value::false_();
}
static const NativeDef kCheck = {
    .signature = "check(v, class, question, /)", .step = check_step, .locals = 2};

static Outcome check(VM& vm, Value v, Value cls, Question question) {
    Outcome o = check_fast(vm, v, cls, question, 16);
    return o.is_unhandled() ? call_internal(vm, kCheck, {v, cls, Value::integer(question)}) : o;
}

Outcome op_isinstance(VM& vm, Value v, Value cls) { return check(vm, v, cls, kInstance); }
Outcome op_issubclass(VM& vm, Value sub, Value cls) { return check(vm, sub, cls, kSubclass); }

}  // namespace gen
