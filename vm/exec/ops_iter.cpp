// Iteration: iter, next, and collecting what an iterator gives.
#include "vm/exec/exec.h"
#include "vm/exec/iterators.h"
#include "vm/exec/lookup.h"
#include "vm/exec/step.h"

namespace gen {

// ---- iter

static bool is_plain_generator_function(Value v) {
    return v.is_object() && v.as_object()->kind == Kind::Function &&
           (v.as<Function>()->code->code_flags & Code::kGenerator);
}

// iterator = v.__iter__(), which has to have __next__
static Outcome checked_iter_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, vm.call_special(Special::Iter, frame[0]));
            if (!is_iterator(vm, frame.result()))
                return vm.type_error("iter() returned non-iterator of type '%s'",
                                     vm.type_name(frame.result()));
    }
    return frame.result();
}
static const NativeDef kCheckedIter = {.signature = "iter(object, /)", .step = checked_iter_step};

Outcome op_iter(VM& vm, Value v) {
    Value method = vm.special(v, Special::Iter);
    if (v.is_object() && inherits_special(vm, v, Special::Iter)) {
        Outcome o = base_iter(vm, v);
        if (!o.is_unhandled()) return o;
    }
    if (method.is_unbound() && is_iterable(vm, v))
        return Value::object(make_iterator(vm, kShapeSequenceIterator, v));
    if (method.is_unbound() || method.is_none()) {
        note_unawaited(vm, v);
        return vm.type_error("'%s' object is not iterable", vm.type_name(v));
    }
    if (is_plain_generator_function(method)) return vm.call_special(Special::Iter, v);
    if (inherits_native(vm, v, Special::Iter) && method.as<Native>()->def->fn)
        return call_found(vm, Special::Iter, method, v);
    return call_internal(vm, kCheckedIter, {v});
}

// ---- next: the iterators that fast_next does not do. A StopIteration of what they call ends them, as in CPython.

static Outcome stopping(VM& vm, Outcome o) {
    if (o.is_call()) vm.request.stops = Request::Stops::Raises;
    return o;
}

static Outcome used_up(Iterator* it) {
    it->source = Value::unbound();
    return Outcome::stop();
}

// By __getitem__: iterator, and reversed.
static Outcome sequence_next(VM& vm, NativeFrame& frame) {
    auto* it = frame[0].as<Iterator>();
    bool forwards = built_in_base(vm, frame[0])->root_shape == kShapeSequenceIterator;
    switch (frame.step_state()) {
        case 0:
            if (it->source.is_unbound() || it->index < 0) return used_up(it);
            AWAIT_CATCHING(1, op_getitem(vm, it->source, vm.integer(it->index)));
            if (frame.result().is_unbound()) {
                Class* c = vm.class_of(vm.caught);
                it->source = Value::unbound();
                if (vm.is_subclass(c, vm.type(kShapeIndexError)) ||
                    vm.is_subclass(c, vm.type(kShapeStopIteration)))
                    return Outcome::stop();
                return raise_again(vm, vm.caught);
            }
            it->index += forwards ? 1 : -1;
    }
    return frame.result();
}
static const NativeDef kSequenceNext = {.signature = "next(iterator, /)", .step = sequence_next};

static Outcome callable_next(VM& vm, NativeFrame& frame) {  // 1 the value
    auto* it = frame[0].as<Iterator>();
    switch (frame.step_state()) {
        case 0:
            if (it->source.is_unbound()) return Outcome::stop();
            AWAIT(1, stopping(vm, vm.call(it->source, {})));
            if (frame.result().is_unbound() || it->source.is_unbound()) return used_up(it);
            frame[1] = frame.result();
            AWAIT(2, op_equal(vm, it->extra, frame[1]));
            if (frame.result().is_true()) return used_up(it);
    }
    return frame[1];
}
static const NativeDef kCallableNext = {.signature = "next(iterator, /)", .step = callable_next, .locals = 1};

static Outcome enumerate_next(VM& vm, NativeFrame& frame) {
    auto* it = frame[0].as<Iterator>();
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_next(vm, it->source));
    }
    if (frame.result().is_unbound()) return Outcome::stop();
    if (!it->stop) return vm.tuple({vm.integer(it->index++), frame.result()});
    Value count = it->extra;
    it->extra = int_add(vm.heap, count, Value::integer(1));
    if (it->extra.is_unbound()) return vm.out_of_memory();
    vm.heap.write(it);
    return vm.tuple({count, frame.result()});
}
static const NativeDef kEnumerateNext = {.signature = "next(iterator, /)", .step = enumerate_next};

static Outcome filter_next(VM& vm, NativeFrame& frame) {  // 1 the item
    auto* it = frame[0].as<Iterator>();
    switch (frame.step_state()) {
        case 0:
            for (;;) {
                PAUSE(1);
                AWAIT(2, op_next(vm, it->extra));
                if (frame.result().is_unbound()) return Outcome::stop();
                frame[1] = frame.result();
                if (!it->source.is_none() && !it->source.is(Value::object(vm.type(kShapeBool)))) {
                    AWAIT(3, stopping(vm, vm.call(it->source, {frame[1]})));
                    if (frame.result().is_unbound()) return Outcome::stop();
                }
                AWAIT(4, op_truth(vm, frame.result()));
                if (frame.result().is_true()) return frame[1];
            }
    }
    return frame[1];
}
static const NativeDef kFilterNext = {.signature = "next(iterator, /)", .step = filter_next, .locals = 1};

static Value tuple_of_none(VM& vm, size_t size) {
    Tuple* t = make_tuple(vm.heap, size);
    for (size_t i = 0; t && i < size; i++) t->items[i] = Value::none();
    return Value::object(t);
}

static Outcome zip_mismatch(VM& vm, int64_t i, const char* what) {
    return vm.value_error("zip() argument %lld is %s than argument%s%lld", (long long)(i + 1), what,
                          i == 1 ? " " : "s 1-", (long long)i);
}

static Outcome zip_next(VM& vm, NativeFrame& frame) {  // 1 position, 2 the tuple
    auto* it = frame[0].as<Iterator>();
    auto* sources = it->source.as<Tuple>();
    Value& at = frame[1];
    switch (frame.step_state()) {
        case 0:
            if (it->source.is_unbound() || sources->size == 0) return used_up(it);
            frame[2] = tuple_of_none(vm, sources->size);
            if (frame[2].is_unbound()) return vm.out_of_memory();
            for (at = Value::integer(0); at.as_int() < int64_t(sources->size);
                 at = Value::integer(at.as_int() + 1)) {
                AWAIT(1, op_next(vm, sources->items[at.as_int()]));
                if (frame.result().is_unbound()) break;
                frame[2].as<Tuple>()->items[at.as_int()] = frame.result();
                vm.heap.write(frame[2].as_object());
            }
            if (at.as_int() == int64_t(sources->size)) return frame[2];
            if (!it->stop) return Outcome::stop();
            if (at.as_int() > 0) return zip_mismatch(vm, at.as_int(), "shorter");
            // strict, and the first one has ended: the others must have, too
            for (at = Value::integer(1); at.as_int() < int64_t(sources->size);
                 at = Value::integer(at.as_int() + 1)) {
                AWAIT(2, op_next(vm, sources->items[at.as_int()]));
                if (!frame.result().is_unbound()) return zip_mismatch(vm, at.as_int(), "longer");
            }
    }
    return Outcome::stop();
}
static const NativeDef kZipNext = {.signature = "next(iterator, /)", .step = zip_next, .locals = 2};

static Outcome map_next(VM& vm, NativeFrame& frame) {  // 1 position, 2 the arguments
    auto* it = frame[0].as<Iterator>();
    auto* sources = it->extra.as<Tuple>();
    Value& at = frame[1];
    switch (frame.step_state()) {
        case 0:
            frame[2] = tuple_of_none(vm, sources->size);
            if (frame[2].is_unbound()) return vm.out_of_memory();
            for (at = Value::integer(0); at.as_int() < int64_t(sources->size);
                 at = Value::integer(at.as_int() + 1)) {
                AWAIT(1, op_next(vm, sources->items[at.as_int()]));
                if (frame.result().is_unbound()) return Outcome::stop();
                frame[2].as<Tuple>()->items[at.as_int()] = frame.result();
                vm.heap.write(frame[2].as_object());
            }
            AWAIT(2, stopping(vm, vm.call_with(it->source, frame[2])));
            if (frame.result().is_unbound()) return Outcome::stop();
    }
    return frame.result();
}
static const NativeDef kMapNext = {.signature = "next(iterator, /)", .step = map_next, .locals = 2};

Outcome base_next(VM& vm, Value iterator) {
    Outcome o = fast_next(vm, iterator);
    if (!o.is_unhandled()) return o;
    const NativeDef* def;
    switch (built_in_base(vm, iterator)->root_shape) {
        case kShapeCallableIterator:
            def = &kCallableNext;
            break;
        case kShapeEnumerate:
            def = &kEnumerateNext;
            break;
        case kShapeFilter:
            def = &kFilterNext;
            break;
        case kShapeZip:
            def = &kZipNext;
            break;
        case kShapeMap:
            def = &kMapNext;
            break;
        default:
            def = &kSequenceNext;
            break;
    }
    return stopping(vm, call_internal(vm, *def, {iterator}));
}

Outcome op_next(VM& vm, Value v) {
    Outcome o = fast_next(vm, v);
    if (!o.is_unhandled()) return o;
    if (v.is_object()) {
        Object* object = v.as_object();
        if (object->shape == kShapeGenerator)
            return stopping(vm, vm.resume(v.as<Frame>(), Request::Resume::Send, Value::none()));
        if (object->kind == Kind::Iterator && object->shape < kBuiltinShapes) return base_next(vm, v);
    }
    Value method = vm.special(v, Special::Next);
    if (method.is_unbound()) return vm.type_error("'%s' object is not an iterator", vm.type_name(v));
    return stopping(vm, call_found(vm, Special::Next, method, v));
}

// ---- length hints

static Outcome length_hint_step(VM& vm, NativeFrame& frame) {  // object, default
    switch (frame.step_state()) {
        case 0:
            if (!vm.special(frame[0], Special::Len).is_unbound()) {
                AWAIT_CATCHING(1, op_len(vm, frame[0]));
                if (!frame.result().is_unbound()) return frame.result();
                if (!vm.is_subclass(vm.class_of(vm.caught), vm.type(kShapeTypeError)))
                    return raise_again(vm, vm.caught);
            }
            if (vm.special(frame[0], Special::LengthHint).is_unbound()) return frame[1];
            AWAIT_CATCHING(2, vm.call_special(Special::LengthHint, frame[0]));
            if (frame.result().is_unbound()) {
                if (!vm.is_subclass(vm.class_of(vm.caught), vm.type(kShapeTypeError)))
                    return raise_again(vm, vm.caught);
                return frame[1];
            }
    }
    Value n = frame.result();
    if (n.is_not_implemented()) return frame[1];
    if (!is_int_like(n)) return vm.type_error("__length_hint__ must be an integer, not %s", vm.type_name(n));
    if (int_sign(n) < 0) return vm.value_error("__length_hint__() should return >= 0");
    return int_exact(vm.heap, n);
}
static const NativeDef kLengthHint = {.signature = "length_hint(object, default, /)",
                                      .step = length_hint_step};

Outcome op_length_hint(VM& vm, Value v, int64_t otherwise) {
    int64_t n = fast_length(v);
    if (n >= 0) return Value::integer(n);
    if (vm.special(v, Special::Len).is_unbound() && vm.special(v, Special::LengthHint).is_unbound())
        return Value::integer(otherwise);
    return call_internal(vm, kLengthHint, {v, Value::integer(otherwise)});
}

// ---- list and tuple of an iterable

// A list of a container's items, by layout; null where it has to be iterated, or (`failed`) memory is short.
static List* collect_fast(VM& vm, Value v, bool& failed) {
    failed = false;
    if (!v.is_object() || !inherits_special(vm, v, Special::Iter)) return nullptr;
    Object* o = v.as_object();
    auto copied = [&](const Value* items, size_t n) {
        List* l = make_list(vm.heap, items, n);
        failed = !l;
        charge(vm, n / 8);
        return l;
    };
    auto table = [&](DictTable* t, int which) -> List* {
        List* l = make_list(vm.heap, t->live);
        failed = !l;
        if (!l) return nullptr;
        uint32_t position = 0;
        while (DictEntry* e = next_entry(t, position))
            list_append(vm.heap, l,
                        which == DictView::kKeys     ? e->key
                        : which == DictView::kValues ? e->value
                                                     : vm.tuple({e->key, e->value}));
        charge(vm, t->live / 4);
        return l;
    };
    switch (o->kind) {
        case Kind::List:
            return copied(static_cast<List*>(o)->items->items, static_cast<List*>(o)->size);
        case Kind::Tuple:
            return copied(static_cast<Tuple*>(o)->items, static_cast<Tuple*>(o)->size);
        case Kind::Dict:
            return table(static_cast<Dict*>(o)->table, DictView::kKeys);
        case Kind::Set:
            return table(static_cast<Set*>(o)->table, DictView::kKeys);
        case Kind::DictView:
            return table(static_cast<DictView*>(o)->dict->table, static_cast<DictView*>(o)->aux);
        default:
            return nullptr;
    }
}

// iterable -> a new list. Locals: 1 iterator, 2 list.
static Outcome collect_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_iter(vm, frame[0]));
            frame[1] = frame.result();
            AWAIT(2, op_length_hint(vm, frame[0], 8));
            {
                int64_t expected;
                if (!int_to_int64(frame.result(), expected))
                    return vm.raise(kShapeOverflowError, "Python int too large to convert to C ssize_t");
                bool trusted = frame[0].is_object() && frame[0].as_object()->shape < kBuiltinShapes;
                if (!vm.heap.reserve(size_t(expected) * 8) || expected > int64_t(kMaxItems))
                    return vm.out_of_memory();
                List* l = make_list(vm.heap, size_t(trusted || expected < 64 ? expected : 64));
                if (!l) return vm.out_of_memory();
                frame[2] = Value::object(l);
            }
            AWAIT(3, consume(vm, Consumer::Collect, frame[1], frame[2]));
    }
    return frame[2];
}
static const NativeDef kCollect = {
    .signature = "list(iterable, /)", .step = collect_step, .locals = 2, .flags = kConsumes};

Outcome op_list(VM& vm, Value v) {
    bool failed;
    if (List* l = collect_fast(vm, v, failed)) return Value::object(l);
    if (failed) return vm.no_room();
    if (is_generator(v)) {
        List* l = make_list(vm.heap);
        return l ? consume(vm, Consumer::Collect, v, Value::object(l)) : vm.no_room();
    }
    return call_internal(vm, kCollect, {v});
}

static Outcome collect_tuple_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_list(vm, frame[0]));
    }
    auto* l = frame.result().as<List>();
    Tuple* t = make_tuple(vm.heap, l->items->items, l->size);
    return t ? Outcome(Value::object(t)) : vm.out_of_memory();
}
static const NativeDef kCollectTuple = {
    .signature = "tuple(iterable, /)", .step = collect_tuple_step, .flags = kConsumes};

Outcome op_tuple(VM& vm, Value v) {
    if (is_exact_tuple(v)) return v;
    if (is_list(v) && inherits_special(vm, v, Special::Iter)) {
        auto* l = v.as<List>();
        charge(vm, l->size / 8);
        if (l->size == 0) return Value::object(vm.empty_tuple);
        return vm.checked(Value::object(make_tuple(vm.heap, l->items->items, l->size)));
    }
    return call_internal(vm, kCollectTuple, {v});
}

}  // namespace gen
