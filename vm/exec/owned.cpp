// Owned generators: those that provably nobody holds but the instruction that uses them up. They are closed as soon as that is
// over, as they would be where references are counted.
#include "vm/exec/exec.h"
#include "vm/exec/special.h"
#include "vm/exec/step.h"

namespace gen {

// Whether the callee looks at its first argument during the call only.
static bool consumes(Value callee, unsigned count) {
    if (!callee.is_object()) return false;
    auto lets_go = [count](Value v) {
        if (!v.is_object() || v.as_object()->kind != Kind::Native) return false;
        const NativeDef& def = *v.as<Native>()->def;
        return (def.flags & kConsumes) &&
               (count == 1 || !def.signature.var_args);  // max(a, b) answers one of them
    };
    if (callee.as_object()->kind != Kind::Class) return lets_go(callee);
    auto* cls = callee.as<Class>();
    return (cls->class_flags & Class::kBuiltin) &&
           (lets_go(cls->specials[int(Special::New)]) || lets_go(cls->specials[int(Special::Init)]));
}

Value lend_generator(VM&, const Value* window, unsigned count, bool of_method) {
    Value v = window[1 + of_method];
    if (!v.is_object() || v.as_object()->kind != Kind::Generator || !(v.as_object()->flags & kOwned))
        return Value::unbound();
    if (consumes(window[0], count)) return v;
    v.as_object()->flags &= ~kOwned;
    return Value::unbound();
}

Outcome close_owned(VM& vm, Frame* g, bool release) {
    // Nothing of a generator runs when it is closed before its start, behind its end, or at a yield that no handler covers.
    const bool silent = g->state == kSuspended && g->pc->op() == Op::YIELD &&
                        !(g->pc->x() & kYieldDelegating) && !vm.observer &&
                        !handler_of(*g->code(), g->pc_offset());
    if (g->state == kCreated || g->state == kDone || silent) {
        g->state = kDone;
        if (release) free_owned(vm, g);
        return Value::none();
    }
    g->flags &= ~kOwned;
    return vm.call_prelude(vm.names.close_quietly, {Value::object(g)});
}

namespace {

bool is_owned(Value v) {
    return v.is_object() && v.as_object()->kind == Kind::Generator && (v.as_object()->flags & kOwned);
}

// use_up(generator, item, after): `item in generator`; or, `after` being an int, the unpacking of it; then the generator is closed.
// 3: the result, 4: or the exception
Outcome use_up_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT_CATCHING(1, frame[2].is_none() ? op_contains(vm, frame[0], frame[1])
                                                 : unpack_iterable(vm, frame[0], unsigned(frame[1].as_int()),
                                                                   int(frame[2].as_int())));
            frame[3] = frame.result();
            frame[4] = frame[3].is_unbound() ? vm.caught : Value::unbound();
            AWAIT(2, close_owned(vm, frame[0].as<Frame>(), false));
    }
    return frame[3].is_unbound() ? raise_again(vm, frame[4]) : Outcome(frame[3]);
}
const NativeDef kUseUp = {.signature = "use_up(generator, item, after, /)",
                          .step = use_up_step,
                          .locals = 2,
                          .flags = kHiddenNative};

}  // namespace

Outcome contains_and_close(VM& vm, Value v, Value item) {
    if (!is_owned(v)) return op_contains(vm, v, item);
    v.as_object()->flags &= ~kOwned;
    return call_internal(vm, kUseUp, {v, item, Value::none()});
}

Outcome unpack_and_close(VM& vm, Value v, unsigned before, int after) {
    if (!is_owned(v)) return unpack_iterable(vm, v, before, after);
    v.as_object()->flags &= ~kOwned;
    return call_internal(vm, kUseUp, {v, Value::integer(before), Value::integer(after)});
}

}  // namespace gen
