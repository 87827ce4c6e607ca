#include "vm/exec/iterators.h"

#include "vm/exec/ops.h"
#include "vm/exec/step.h"

namespace gen {

Iterator* make_iterator(VM& vm, BuiltinShape shape, Value source, Value extra, int64_t index, int64_t stop) {
    auto* it = vm.heap.make<Iterator>(Kind::Iterator, shape);
    it->source = source;
    it->extra = extra;
    it->index = index;
    it->stop = stop;
    return it;
}

Outcome make_dict_iterator(VM& vm, BuiltinShape shape, Dict* d) {
    int64_t n = dict_length(d);
    int64_t first = shape >= kShapeDictReverseKeyIterator ? d->table->used : 0;
    return Value::object(
        make_iterator(vm, shape, Value::object(d), Value::integer(int64_t(d->version)), first | n << 32, n));
}

static Class* built_in(Class* c) {
    while (!(c->class_flags & Class::kBuiltin) && c->base) c = c->base;
    return c;
}

Class* built_in_base(VM& vm, Value v) { return built_in(vm.class_of(v)); }

bool inherits_special(VM& vm, Value v, Special s) {
    Class* c = vm.class_of(v);
    return (c->class_flags & Class::kBuiltin) || c->specials[int(s)].is(built_in(c)->specials[int(s)]);
}

// ---- ranges

bool range_small(const Range* r, int64_t& start, int64_t& step, int64_t& length) {
    if (!r->start.is_int() || !r->stop.is_int() || !r->step.is_int()) return false;
    start = r->start.as_int();
    step = r->step.as_int();
    int64_t distance = r->stop.as_int() - start;  // of 63-bit numbers: fits
    if (step > 0)
        length = distance > 0 ? (distance - 1) / step + 1 : 0;
    else
        length = distance < 0 ? (distance + 1) / step + 1 : 0;
    return true;
}

Value range_length(VM& vm, const Range* r) {
    int64_t start, step, length;
    if (range_small(r, start, step, length)) return vm.integer(length);
    Heap& heap = vm.heap;
    bool up = int_sign(r->step) > 0;
    Value low = up ? r->start : r->stop, high = up ? r->stop : r->start;
    if (int_compare(low, high) >= 0) return Value::integer(0);
    Value stride = up ? r->step : int_neg(heap, r->step);
    Value distance = int_sub(heap, int_sub(heap, high, low), Value::integer(1));
    return int_add(heap, int_floordiv(heap, distance, stride), Value::integer(1));
}

Value range_item(VM& vm, const Range* r, Value index) {
    return int_add(vm.heap, r->start, int_mul(vm.heap, index, r->step));
}

Range* make_range(VM& vm, Value start, Value stop, Value step) {
    auto* r = vm.heap.make<Range>(Kind::Range, kShapeRange);
    r->start = start;
    r->stop = stop;
    r->step = step;
    return r;
}

Outcome range_iterator(VM& vm, const Range* r) {
    int64_t start, step, length;
    if (range_small(r, start, step, length))
        return Value::object(make_iterator(vm, kShapeRangeIterator, Value::none(), r->step, start, length));
    return Value::object(make_iterator(vm, kShapeLongRangeIterator, Value::object(r), Value::integer(0)));
}

// ---- slices

static bool bound(Value v, int64_t& out, const int64_t*& pointer) {
    if (v.is_none()) {
        pointer = nullptr;
        return true;
    }
    if (!is_int_like(v)) return false;
    out = int_clamp(v);
    pointer = &out;
    return true;
}

SliceState slice_bounds(VM& vm, const Slice* s, size_t length, SliceBounds& out) {
    if (s->step.is_none() && (s->start.is_none() || s->start.is_int()) &&
        (s->stop.is_none() || s->stop.is_int())) {
        auto n = int64_t(length);
        auto bound = [n](Value v, int64_t otherwise) {
            if (v.is_none()) return otherwise;
            int64_t i = v.as_int();
            return std::clamp(i < 0 ? i + n : i, int64_t{0}, n);
        };
        out.start = bound(s->start, 0);
        out.stop = bound(s->stop, n);
        out.step = 1;
        out.count = size_t(std::max(out.stop - out.start, int64_t{0}));
        return SliceState::Ready;
    }
    int64_t start, stop, step;
    const int64_t *has_start, *has_stop, *has_step;
    if (!bound(s->step, step, has_step) || !bound(s->start, start, has_start) ||
        !bound(s->stop, stop, has_stop))
        return SliceState::Unresolved;
    if (has_step && step == 0) {
        vm.value_error("slice step cannot be zero");
        return SliceState::Raised;
    }
    if (step < -INT64_MAX) step = -INT64_MAX;
    out = slice_bounds(length, has_start, has_stop, has_step ? step : 1);
    return SliceState::Ready;
}

SliceState slice_indices(VM& vm, const Slice* s, Value n, Value& start, Value& stop, Value& step) {
    for (Value v : {s->start, s->stop, s->step})
        if (!v.is_none() && !is_int_like(v)) return SliceState::Unresolved;
    Heap& heap = vm.heap;
    step = s->step.is_none() ? Value::integer(1) : int_exact(heap, s->step);
    if (int_is_zero(step)) {
        vm.value_error("slice step cannot be zero");
        return SliceState::Raised;
    }
    bool down = int_sign(step) < 0;
    Value lower = Value::integer(down ? -1 : 0);
    Value upper = down ? int_sub(heap, n, Value::integer(1)) : n;
    auto clamped = [&](Value v, Value absent) {
        if (v.is_none()) return absent;
        if (int_sign(v) < 0) {
            v = int_add(heap, v, n);
            return int_compare(v, lower) < 0 ? lower : v;
        }
        return int_compare(v, upper) > 0 ? upper : int_exact(heap, v);
    };
    start = clamped(s->start, down ? upper : lower);
    stop = clamped(s->stop, down ? lower : upper);
    return SliceState::Ready;
}

// slice; 1-3 the bounds, 4 which
static Outcome resolve_slice_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            for (frame[4] = Value::integer(0); frame[4].as_int() < 3;
                 frame[4] = Value::integer(frame[4].as_int() + 1)) {
                frame.result() = (&frame[0].as<Slice>()->start)[frame[4].as_int()];
                if (!frame.result().is_none()) {
                    if (!is_int_like(frame.result()) &&
                        vm.special(frame.result(), Special::Index).is_unbound())
                        return vm.type_error(
                            "slice indices must be integers or None or have an __index__ method");
                    AWAIT(1, op_index(vm, frame.result()));
                }
                frame[1 + size_t(frame[4].as_int())] = frame.result();
            }
    }
    auto* s = vm.heap.make<Slice>(Kind::Slice, kShapeSlice);
    s->start = frame[1];
    s->stop = frame[2];
    s->step = frame[3];
    return Value::object(s);
}
static const NativeDef kResolveSlice = {
    .signature = "resolve(slice, /)", .step = resolve_slice_step, .locals = 4};

Outcome resolve_slice(VM& vm, Value slice) { return call_internal(vm, kResolveSlice, {slice}); }

// ---- making iterators

Outcome base_iter(VM& vm, Value v) {
    if (!v.is_object()) return Outcome::unhandled();
    auto over = [&](BuiltinShape shape) { return Value::object(make_iterator(vm, shape, v)); };
    Object* o = v.as_object();
    switch (o->kind) {
        case Kind::List:
            return over(kShapeListIterator);
        case Kind::Tuple:
            return over(kShapeTupleIterator);
        case Kind::Str:
            return over(static_cast<Str*>(o)->ascii() ? kShapeStrAsciiIterator : kShapeStrIterator);
        case Kind::Bytes:
            return over(kShapeBytesIterator);
        case Kind::ByteArray:
            return over(kShapeByteArrayIterator);
        case Kind::Range:
            return range_iterator(vm, static_cast<Range*>(o));
        case Kind::Set:
            return Value::object(make_iterator(vm, kShapeSetIterator, v, Value::unbound(), 0,
                                               set_length(static_cast<Set*>(o))));
        case Kind::Dict:
            return make_dict_iterator(vm, kShapeDictKeyIterator, static_cast<Dict*>(o));
        case Kind::DictView: {
            auto* view = static_cast<DictView*>(o);
            BuiltinShape shape = view->aux == DictView::kKeys     ? kShapeDictKeyIterator
                                 : view->aux == DictView::kValues ? kShapeDictValueIterator
                                                                  : kShapeDictItemIterator;
            return make_dict_iterator(vm, shape, view->dict);
        }
        case Kind::Iterator:
            return v;
        case Kind::Generator:
            return o->shape == kShapeGenerator ? Outcome(v) : Outcome::unhandled();
        default:
            return Outcome::unhandled();
    }
}

Outcome base_reversed(VM& vm, Value v) {
    if (!v.is_object()) return Outcome::unhandled();
    Object* o = v.as_object();
    switch (o->kind) {
        case Kind::List:
            return Value::object(make_iterator(vm, kShapeListReverseIterator, v, Value::unbound(),
                                               int64_t(static_cast<List*>(o)->size) - 1));
        case Kind::Tuple:
            return Value::object(make_iterator(vm, kShapeReversed, v, Value::unbound(),
                                               int64_t(static_cast<Tuple*>(o)->size) - 1));
        case Kind::Str:
            return Value::object(make_iterator(vm, kShapeReversed, v, Value::unbound(),
                                               int64_t(static_cast<Str*>(o)->length) - 1));
        case Kind::Bytes:
            return Value::object(make_iterator(vm, kShapeReversed, v, Value::unbound(),
                                               int64_t(static_cast<Bytes*>(o)->size) - 1));
        case Kind::ByteArray:
            return Value::object(make_iterator(vm, kShapeReversed, v, Value::unbound(),
                                               int64_t(static_cast<ByteArray*>(o)->size) - 1));
        case Kind::Range: {
            auto* r = static_cast<Range*>(o);
            Value n = range_length(vm, r);
            if (n.is_unbound()) return vm.out_of_memory();
            Value last = range_item(vm, r, int_sub(vm.heap, n, Value::integer(1)));
            Value step = int_neg(vm.heap, r->step);
            Value stop = int_sub(vm.heap, r->start, r->step);
            if (int_is_zero(n)) last = stop;
            return range_iterator(vm, make_range(vm, last, stop, step));
        }
        case Kind::Dict:
        case Kind::DictView: {
            bool view = o->kind == Kind::DictView;
            Dict* d = view ? static_cast<DictView*>(o)->dict : static_cast<Dict*>(o);
            int which = view ? o->aux : int(DictView::kKeys);
            BuiltinShape shape = which == DictView::kKeys     ? kShapeDictReverseKeyIterator
                                 : which == DictView::kValues ? kShapeDictReverseValueIterator
                                                              : kShapeDictReverseItemIterator;
            return make_dict_iterator(vm, shape, d);
        }
        default:
            return Outcome::unhandled();
    }
}

// ---- stepping

static Outcome exhausted(Iterator* it) {
    it->source = Value::unbound();
    return Outcome::stop();
}

static Outcome pair(VM& vm, Value a, Value b) {
    auto* t = vm.heap.make<Tuple>(Kind::Tuple, kShapeTuple, sizeof(Tuple) + 2 * sizeof(Value));
    t->size = 2;
    t->items[0] = a;
    t->items[1] = b;
    return Value::object(t);
}

static Outcome next_of_dict(VM& vm, Iterator* it) {
    auto* d = it->source.as<Dict>();
    if (it->stop != dict_length(d)) {
        it->stop = -1;  // stays failed
        return vm.raise(kShapeRuntimeError, "dictionary changed size during iteration");
    }
    bool backwards = it->shape >= kShapeDictReverseKeyIterator;
    auto position = uint32_t(it->index);
    DictEntry* e;
    if (backwards) {
        if (position > d->table->used) position = d->table->used;
        e = previous_entry(d->table, position);
    } else {
        e = next_entry(d->table, position);
    }
    int64_t left = dict_items_left(it);
    if (!e && int64_t(d->version) == it->extra.as_int()) return exhausted(it);
    if (!e || left == 0) {  // as many as before, but others
        it->stop = -1;
        return vm.raise(kShapeRuntimeError, "dictionary keys changed during iteration");
    }
    it->index = int64_t(position) | (left - 1) << 32;
    switch (it->shape) {
        case kShapeDictKeyIterator:
        case kShapeDictReverseKeyIterator:
            return e->key;
        case kShapeDictValueIterator:
        case kShapeDictReverseValueIterator:
            return e->value;
        default:
            return pair(vm, e->key, e->value);
    }
}

static Outcome next_of_long_range(VM& vm, Iterator* it) {
    auto* r = it->source.as<Range>();
    Value n = range_length(vm, r);
    if (n.is_unbound()) return vm.out_of_memory();
    if (int_compare(it->extra, n) >= 0) return exhausted(it);
    Value item = range_item(vm, r, it->extra);
    Value index = int_add(vm.heap, it->extra, Value::integer(1));
    if (item.is_unbound() || index.is_unbound()) return vm.out_of_memory();
    it->extra = index;
    vm.heap.write(it);
    return item;
}

// An item of a built-in sequence for `reversed`, or unbound when the index is no longer good.
static Outcome sequence_item(VM& vm, Value sequence, int64_t i) {
    Object* o = sequence.as_object();
    switch (o->kind) {
        case Kind::Tuple:
            return static_cast<Tuple*>(o)->items[i];
        case Kind::Str:
            return vm.checked(Value::object(
                vm.strings.character(vm.heap, char_at(vm.heap, static_cast<Str*>(o), uint32_t(i)))));
        case Kind::Bytes:
            return Value::integer(static_cast<Bytes*>(o)->data[i]);
        case Kind::ByteArray: {
            auto* b = static_cast<ByteArray*>(o);
            return uint64_t(i) < b->size ? Outcome(Value::integer(b->buffer->data[i])) : Outcome::stop();
        }
        default:
            return Outcome::unhandled();
    }
}

static Outcome next_of_enumerate(VM& vm, Iterator* it, Value item) {
    if (it->stop) [[unlikely]] {
        Value count = it->extra;
        it->extra = int_add(vm.heap, count, Value::integer(1));
        if (it->extra.is_unbound()) return vm.out_of_memory();
        vm.heap.write(it);
        return pair(vm, count, item);
    }
    return pair(vm, vm.integer(it->index++), item);
}

// `depth` bounds how far composite iterators are followed on the C stack.
constexpr int kNesting = 4;

static Outcome next_of(VM& vm, Value v, int depth) {
    if (!v.is_object() || v.as_object()->kind != Kind::Iterator) return Outcome::unhandled();
    auto* it = v.as<Iterator>();
    if (it->shape >= kBuiltinShapes) return Outcome::unhandled();
    if (it->source.is_unbound()) return Outcome::stop();
    switch (it->shape) {
        case kShapeListIterator: {
            auto* l = it->source.as<List>();
            if (uint64_t(it->index) < l->size) return l->items->items[it->index++];
            return exhausted(it);
        }
        case kShapeListReverseIterator: {
            auto* l = it->source.as<List>();
            if (it->index >= 0 && uint64_t(it->index) < l->size) return l->items->items[it->index--];
            return exhausted(it);
        }
        case kShapeTupleIterator: {
            auto* t = it->source.as<Tuple>();
            if (uint64_t(it->index) < t->size) return t->items[it->index++];
            return exhausted(it);
        }
        case kShapeRangeIterator: {
            if (it->stop <= 0) return exhausted(it);
            int64_t i = it->index;
            it->stop--;
            it->index = int64_t(uint64_t(i) + uint64_t(it->extra.as_int()));
            return Value::integer(i);
        }
        case kShapeLongRangeIterator:
            return next_of_long_range(vm, it);
        case kShapeStrAsciiIterator: {
            auto* s = it->source.as<Str>();
            if (uint64_t(it->index) < s->size)
                return Value::object(vm.strings.character(uint8_t(s->data()[it->index++])));
            return exhausted(it);
        }
        case kShapeStrIterator: {
            auto* s = it->source.as<Str>();
            if (uint64_t(it->index) >= s->size) return exhausted(it);
            const char* p = s->data() + it->index;
            char32_t c = decode_utf8(p);
            it->index = p - s->data();
            return Value::object(vm.strings.character(vm.heap, c));
        }
        case kShapeBytesIterator: {
            auto* b = it->source.as<Bytes>();
            if (uint64_t(it->index) < b->size) return Value::integer(b->data[it->index++]);
            return exhausted(it);
        }
        case kShapeByteArrayIterator: {
            auto* b = it->source.as<ByteArray>();
            if (uint64_t(it->index) < b->size) return Value::integer(b->buffer->data[it->index++]);
            return exhausted(it);
        }
        case kShapeSetIterator: {
            auto* s = it->source.as<Set>();
            if (it->stop != set_length(s)) {
                it->stop = -1;
                return vm.raise(kShapeRuntimeError, "Set changed size during iteration");
            }
            auto position = uint32_t(it->index);
            DictEntry* e = next_entry(s, position);
            if (!e) return exhausted(it);
            it->index = position;
            return e->key;
        }
        case kShapeDictKeyIterator:
        case kShapeDictValueIterator:
        case kShapeDictItemIterator:
        case kShapeDictReverseKeyIterator:
        case kShapeDictReverseValueIterator:
        case kShapeDictReverseItemIterator:
            return next_of_dict(vm, it);
        case kShapeReversed: {
            if (it->index < 0) return exhausted(it);
            Outcome o = sequence_item(vm, it->source, it->index);
            if (o.is_stop()) return exhausted(it);
            if (o.is_value()) it->index--;
            return o;
        }
        case kShapeEnumerate: {
            if (depth == 0) return Outcome::unhandled();
            Outcome o = next_of(vm, it->source, depth - 1);
            return o.is_value() ? next_of_enumerate(vm, it, o.value()) : o;
        }
        case kShapeZip: {
            auto* sources = it->source.as<Tuple>();
            if (depth == 0 || it->stop || sources->size > 8) return Outcome::unhandled();
            // Whether one of them needs a call has to be known before any is stepped.
            for (size_t i = 0; i < sources->size; i++) {
                Value source = sources->items[i];
                if (!source.is_object() || source.as_object()->kind != Kind::Iterator ||
                    source.as_object()->shape >= kShapeSequenceIterator)
                    return Outcome::unhandled();
            }
            if (sources->size == 0) return exhausted(it);
            Tuple* t = make_tuple(vm.heap, sources->size);
            for (size_t i = 0; i < sources->size; i++) {
                Outcome o = next_of(vm, sources->items[i], 0);
                if (!o.is_value()) return o;
                t->items[i] = o.value();
            }
            return Value::object(t);
        }
        case kShapeMap: {  // the call stands for the step (its StopIteration ends the map, as in CPython), so not below others
            auto* sources = it->extra.as<Tuple>();
            if (depth != kNesting || sources->size != 1) return Outcome::unhandled();
            Outcome o = next_of(vm, sources->items[0], depth - 1);
            if (!o.is_value()) return o;
            Outcome called = vm.call(it->source, {o.value()});
            vm.request.stops = Request::Stops::Raises;
            return called;
        }
        default:
            return Outcome::unhandled();
    }
}

Outcome fast_next(VM& vm, Value v) { return next_of(vm, v, kNesting); }

bool is_iterable(VM& vm, Value v) {
    Value m = vm.special(v, Special::Iter);
    if (!m.is_unbound()) return !m.is_none();
    if (vm.special(v, Special::Getitem).is_unbound() || is_dict(v)) return false;
    // Mappings, and matches of `re`, take other keys than positions.
    const uint32_t shape = v.is_object() ? v.as_object()->shape : kShapeObject;
    return shape != kShapeMappingProxy && shape != kShapeRegexMatch;
}

bool is_iterator(VM& vm, Value v) { return !vm.special(v, Special::Next).is_unbound(); }

}  // namespace gen
