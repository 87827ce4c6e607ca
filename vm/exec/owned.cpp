// Owned generators: those that provably nobody holds but the instruction that uses them up. They are closed as soon as that is
// over, as they would be where references are counted.
#include "vm/code/encoding.h"
#include "vm/exec/exec.h"
#include "vm/exec/special.h"
#include "vm/exec/step.h"

#include <algorithm>

namespace gen {

static bool is_owned(Value v) {
    return v.is_object() && v.as_object()->kind == Kind::Generator && (v.as_object()->flags & kHeldOnce);
}

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

Value lend_generator(VM&, Frame* fr, const Value* window, unsigned count, bool of_method) {
    Value v = window[1 + of_method];
    if (v.is_object() && (v.as_object()->kind == Kind::Iterator || v.as_object()->kind == Kind::Instance))
        return consumes(window[0], count) ? v : Value::unbound();
    if (!is_owned(v)) return Value::unbound();
    if (consumes(window[0], count)) {
        v.as_object()->flags = uint8_t((v.as_object()->flags & ~kOwned) | kLent);
        return v;
    }
    v.as_object()->flags &= ~kHeldOnce;
    note_made_generator(fr);
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
    g->flags &= ~kHeldOnce;
    return vm.call_prelude(vm.names.close_quietly, {Value::object(g)});
}

namespace {

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

bool is_unfinished(Value v) {
    if (!v.is_object() || v.as_object()->kind != Kind::Generator) return false;
    const Object* g = v.as_object();
    return (g->flags & (kFinalizer | kFinalized)) == kFinalizer && g->shape == kShapeGenerator &&
           (g->state == kSuspended || g->state == kDelegating);
}

// Such a one is looked for once (`aux` counts, see any_candidate()), and not at all when it has become a task's.
bool is_unawaited(Value v) {
    if (!v.is_object() || v.as_object()->kind != Kind::Generator) return false;
    const Object* g = v.as_object();
    return g->shape == kShapeCoroutine && g->state == kCreated && !g->aux &&
           (g->flags & (kFinalizer | kFinalized)) == kFinalizer;
}

bool holds_unfinished(VM& vm, Value v) {
    constexpr unsigned kLooks = 24;
    Value seen[kLooks];
    unsigned n = 0;
    auto look_at = [&](Value w) {
        if (w.is_object() && n < kLooks) seen[n++] = w;
    };
    look_at(v);
    for (unsigned i = 0; i < n; i++) {
        Object* o = seen[i].as_object();
        if (i && is_unfinished(seen[i])) return true;
        switch (o->kind) {
            case Kind::Generator:
                if (o->state == kDone || o->state == kRunning) break;
                for (unsigned r = 0, n = live_registers(static_cast<Frame*>(o)); r < n; r++)
                    look_at(static_cast<Frame*>(o)->registers[r]);
                break;
            case Kind::Iterator:
                look_at(static_cast<Iterator*>(o)->source);
                look_at(static_cast<Iterator*>(o)->extra);
                break;
            case Kind::Tuple:
                for (size_t k = 0; k < static_cast<Tuple*>(o)->size && k < kLooks; k++)
                    look_at(static_cast<Tuple*>(o)->items[k]);
                break;
            case Kind::Instance:
                for (uint32_t k = 0, end = vm.shapes[o->shape].inline_slots; k < end; k++)
                    look_at(static_cast<Instance*>(o)->slots[k]);
                break;
            case Kind::BoundMethod:
                look_at(static_cast<BoundMethod*>(o)->self);
                break;
            default:
                break;
        }
    }
    return false;
}

namespace {

// Looking for one generator costs a collection: small programs may do that whenever they let one go, busy ones now and then.
bool may_collect(VM& vm) {
    constexpr unsigned kMost = 256;
    constexpr size_t kMostBytes = size_t{16} << 20;
    const size_t used = vm.heap.used();
    if (used > kMostBytes) return false;
    const uint64_t steps_for_one = 4'000 + used / 256;
    const uint64_t earned = (vm.steps_now() - vm.prompt_steps) / steps_for_one;
    vm.prompt_steps += earned * steps_for_one;
    vm.prompt_collections = unsigned(std::min<uint64_t>(vm.prompt_collections + earned, kMost));
    return vm.prompt_collections && vm.prompt_collections--;
}

// Those that have come to be suspended inside try or with lately and have been looked for in vain less than three times (`aux`
// counts): f(generator) until it says that it is enough.
template <class F>
bool any_candidate(VM& vm, F f) {
    constexpr size_t kLooks = 32;
    constexpr uint8_t kTries = 3;
    const size_t n = vm.finalizable.size();
    for (size_t i = n; i-- > (n > kLooks ? n - kLooks : 0);) {
        Object* o = vm.finalizable[i];
        if (is_unfinished(Value::object(o)) && (o->aux & kTries) < kTries && f(o)) return true;
    }
    return false;
}
bool any_new(VM& vm) {
    return any_candidate(vm, [](Object*) { return true; });
}

Frame* find_abandoned(VM& vm, Frame* fr) {
    if (vm.finalizing || !may_switch(vm, fr) || !may_collect(vm)) return fr;
    const size_t before = vm.dying.size();
    // What was done last must not be kept alive by that.
    vm.accumulator = vm.returned = vm.caught = Value::unbound();
    collect_garbage(vm, fr, Heap::Extent::Major);
    any_candidate(vm, [](Object* o) { return o->aux++, false; });
    if (vm.dying.empty()) return fr;
    // What was found last was suspended last: it may hold those found before it.
    std::reverse(vm.dying.begin() + ptrdiff_t(before), vm.dying.end());
    return finalize_now(vm, fr);
}

void clear_from(Frame* fr, unsigned dead) {
    if (fr->is_native()) return;
    for (unsigned i = dead, end = fr->code()->registers; i < end; i++) fr->registers[i] = Value::unbound();
}

}  // namespace

Frame* let_go(VM& vm, Frame* fr, Value v, unsigned dead) {
    const bool unawaited = is_unawaited(v);
    if (!unawaited && !is_unfinished(v) && !holds_unfinished(vm, v) && !any_new(vm)) return fr;
    if (unawaited) v.as_object()->aux++;
    clear_from(fr, dead);
    if (is_owned(v)) {
        v.as_object()->flags &= ~kHeldOnce;  // whoever held it would have closed it
        vm.register_finalizer(v.as_object());
    }
    return find_abandoned(vm, fr);
}

Frame* let_go_of_dead(VM& vm, Frame* fr, unsigned dead) {
    fr->aux &= uint8_t(~kMadeGenerators);
    if (!any_new(vm)) return fr;
    clear_from(fr, dead);
    return find_abandoned(vm, fr);
}

bool discards(const Instruction* pc) {
    if (pc->op() == Op::LANDING) pc -= pc->x();
    switch (original_of(pc->op())) {
        case Op::CALL:
        case Op::CALL_METHOD:
        case Op::CALL_KW:
        case Op::CALL_EX:
        case Op::INVOKE:
            return pc->x() == kDiscarded;
        default:
            return false;
    }
}

void note_made_generator(Frame* maker) {
    while (maker && maker->is_native() && !(maker->aux & kBaseFrame)) maker = maker->parent;
    if (maker && maker->kind == Kind::Frame) maker->aux |= kMadeGenerators;
}

Frame* let_go_of_frame(VM& vm, Frame* next, Value result, bool held, bool hidden) {
    // Whoever calls hidden code, or gets a generator, has made what that has made.
    if (hidden || (result.is_object() && result.as_object()->kind == Kind::Generator))
        note_made_generator(next);
    return !hidden && (held || any_new(vm)) ? find_abandoned(vm, next) : next;
}

Outcome owned_iter(VM& vm, Value v) {
    Outcome o = op_iter(vm, v);
    if (o.is_call()) vm.request.use = kUsedOnce;
    return o;
}

Outcome contains_and_close(VM& vm, Value v, Value item) {
    if (!is_owned(v)) return op_contains(vm, v, item);
    v.as_object()->flags &= ~kHeldOnce;
    return call_internal(vm, kUseUp, {v, item, Value::none()});
}

Outcome unpack_and_close(VM& vm, Value v, unsigned before, int after) {
    if (!is_owned(v)) return unpack_iterable(vm, v, before, after);
    v.as_object()->flags &= ~kHeldOnce;
    return call_internal(vm, kUseUp, {v, Value::integer(before), Value::integer(after)});
}

}  // namespace gen
