// len, subscription and membership.
#include "vm/exec/arithmetic.h"
#include "vm/exec/iterators.h"
#include "vm/exec/lookup.h"
#include "vm/exec/ops.h"
#include "vm/exec/step.h"
#include "vm/exec/tables.h"

namespace gen {

// ---- len

static Outcome len_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, vm.call_special(Special::Len, frame[0]));
            if (frame.result().is_int() && frame.result().as_int() >= 0) return frame.result();
            AWAIT(2, op_index(vm, frame.result()));
    }
    if (int_sign(frame.result()) < 0) return vm.value_error("__len__() should return >= 0");
    int64_t n;
    if (!int_to_int64(frame.result(), n))
        return vm.raise(kShapeOverflowError, "cannot fit 'int' into an index-sized integer");
    return frame.result();
}
static const NativeDef kLen = {.signature = "len(object, /)", .step = len_step};

Outcome op_len(VM& vm, Value v) {
    int64_t n = fast_length(v);
    if (n >= 0) return vm.integer(n);
    Value method = vm.special(v, Special::Len);
    if (method.is_unbound()) return vm.type_error("object of type '%s' has no len()", vm.type_name(v));
    if (inherits_native(vm, v, Special::Len)) {
        Outcome o = call_found(vm, Special::Len, method, v);
        if (!o.is_call()) return o;
    }
    return call_internal(vm, kLen, {v});
}

// ---- keys of sequences: ints, slices of ints; what has __index__ is resolved first

static bool is_slice(Value v) { return v.is_object() && v.as_object()->kind == Kind::Slice; }

// What messages about an index call the container.
static const char* indexed_name(Kind kind) {
    switch (kind) {
        case Kind::List:
            return "list";
        case Kind::Tuple:
            return "tuple";
        case Kind::Str:
            return "string";
        case Kind::Range:
            return "range";
        case Kind::ByteArray:
            return "bytearray";
        default:
            return "byte";
    }
}

static const char* range_message(Kind kind, bool assignment) {
    switch (kind) {
        case Kind::List:
            return assignment ? "list assignment index out of range" : "list index out of range";
        case Kind::Tuple:
            return "tuple index out of range";
        case Kind::Str:
            return "string index out of range";
        case Kind::Range:
            return "range object index out of range";
        case Kind::ByteArray:
            return "bytearray index out of range";
        default:
            return "index out of range";
    }
}

enum ItemOperation : int64_t { kGet, kSet, kDelete };

// The operation with a key whose parts have gone through __index__.
static Outcome resolved_key_step(VM& vm, NativeFrame& frame) {  // container, key, item, operation
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, is_slice(frame[1]) ? resolve_slice(vm, frame[1]) : op_index(vm, frame[1]));
            frame[1] = frame.result();
            AWAIT(2, frame[3].as_int() == kGet   ? base_getitem(vm, frame[0], frame[1])
                     : frame[3].as_int() == kSet ? base_setitem(vm, frame[0], frame[1], frame[2])
                                                 : base_delitem(vm, frame[0], frame[1]));
    }
    return frame.result();
}
static const NativeDef kResolvedKey = {.signature = "item(container, key, item, operation, /)",
                                       .step = resolved_key_step};

static Outcome with_resolved_key(VM& vm, Value container, Value key, Value item, ItemOperation operation) {
    if (!is_slice(key) && !has_index(vm, key)) {
        const bool text = container.as_object()->kind == Kind::Str;
        return vm.type_error("%s indices must be integers%s%s%s", indexed_name(container.as_object()->kind),
                             text ? ", not '" : " or slices, not ", vm.type_name(key), text ? "'" : "");
    }
    return call_internal(vm, kResolvedKey, {container, key, item, Value::integer(operation)});
}

// An int key as a position below `length`; -1: raised.
static int64_t position(VM& vm, Kind kind, Value key, size_t length, bool assignment) {
    int64_t i;
    if (key.is_int()) {
        i = key.as_int();
    } else if (!int_to_int64(key, i)) {
        vm.raise(kShapeIndexError, "cannot fit 'int' into an index-sized integer");
        return -1;
    }
    if (i < 0) i += int64_t(length);
    if (i < 0 || i >= int64_t(length)) {
        vm.raise(kShapeIndexError, range_message(kind, assignment));
        return -1;
    }
    return i;
}

static size_t sequence_length(Object* o) {
    switch (o->kind) {
        case Kind::List:
            return static_cast<List*>(o)->size;
        case Kind::Tuple:
            return static_cast<Tuple*>(o)->size;
        case Kind::Str:
            return static_cast<Str*>(o)->length;
        case Kind::Bytes:
            return static_cast<Bytes*>(o)->size;
        default:
            return static_cast<ByteArray*>(o)->size;
    }
}

static Outcome bytes_slice(VM& vm, std::string_view from, const SliceBounds& b, bool array) {
    Bytes* out = nullptr;
    if (array) {
        ByteArray* result = make_bytearray(vm.heap, nullptr, 0);
        if (!result || !bytearray_resize(vm.heap, result, b.count)) return vm.no_room();
        for (size_t i = 0; i < b.count; i++)
            result->buffer->data[i] = uint8_t(from[size_t(b.start + int64_t(i) * b.step)]);
        return Value::object(result);
    }
    out = make_bytes_uninitialized(vm.heap, b.count);
    if (!out) return vm.no_room();
    for (size_t i = 0; i < b.count; i++) out->data[i] = uint8_t(from[size_t(b.start + int64_t(i) * b.step)]);
    return Value::object(out);
}

static Outcome range_slice(VM& vm, Range* r, Slice* s) {
    Value start, stop, step;
    switch (slice_indices(vm, s, range_length(vm, r), start, stop, step)) {
        case SliceState::Raised:
            return Outcome::raised();
        case SliceState::Unresolved:
            return Outcome::unhandled();
        case SliceState::Ready:
            break;
    }
    return Value::object(
        make_range(vm, range_item(vm, r, start), range_item(vm, r, stop), int_mul(vm.heap, step, r->step)));
}

// ---- the operations by layout

static Outcome dict_getitem(VM& vm, Value container, Value key);

Outcome base_getitem(VM& vm, Value container, Value key) {
    Object* o = container.as_object();
    switch (o->kind) {
        case Kind::Dict:
            return dict_getitem(vm, container, key);
        case Kind::List:
        case Kind::Tuple:
        case Kind::Str:
        case Kind::Bytes:
        case Kind::ByteArray:
            break;
        case Kind::Range: {
            auto* r = static_cast<Range*>(o);
            if (is_slice(key)) {
                Outcome sliced = range_slice(vm, r, key.as<Slice>());
                if (!sliced.is_unhandled()) return sliced;
            } else if (is_int_like(key)) {
                Value n = range_length(vm, r);
                Value i = int_exact(vm.heap, key);
                if (int_sign(i) < 0) i = int_add(vm.heap, i, n);
                if (int_sign(i) < 0 || int_compare(i, n) >= 0)
                    return vm.raise(kShapeIndexError, "range object index out of range");
                return vm.checked(range_item(vm, r, i));
            }
            return with_resolved_key(vm, container, key, Value::none(), kGet);
        }
        default:
            return Outcome::unhandled();
    }
    size_t length = sequence_length(o);
    if (is_int_like(key)) {
        int64_t i = position(vm, o->kind, int_exact(vm.heap, key), length, false);
        if (i < 0) return Outcome::raised();
        switch (o->kind) {
            case Kind::List:
                return static_cast<List*>(o)->items->items[i];
            case Kind::Tuple:
                return static_cast<Tuple*>(o)->items[i];
            case Kind::Str: {
                auto* s = static_cast<Str*>(o);
                if (s->ascii()) return Value::object(vm.strings.character(uint8_t(s->data()[i])));
                return vm.checked(
                    Value::object(vm.strings.character(vm.heap, char_at(vm.heap, s, uint32_t(i)))));
            }
            case Kind::Bytes:
                return Value::integer(static_cast<Bytes*>(o)->data[i]);
            default:
                return Value::integer(static_cast<ByteArray*>(o)->buffer->data[i]);
        }
    }
    if (is_slice(key)) {
        SliceBounds b;
        switch (slice_bounds(vm, key.as<Slice>(), length, b)) {
            case SliceState::Raised:
                return Outcome::raised();
            case SliceState::Unresolved:
                return with_resolved_key(vm, container, key, Value::none(), kGet);
            case SliceState::Ready:
                break;
        }
        charge(vm, b.count / 16);
        bool whole = b.step == 1 && b.count == length && o->shape < kBuiltinShapes;
        switch (o->kind) {
            case Kind::List:
                return vm.checked(
                    Value::object(list_slice(vm.heap, static_cast<List*>(o), b.start, b.step, b.count)));
            case Kind::Tuple:
                if (b.count == 0) return Value::object(vm.empty_tuple);
                return whole ? Outcome(container)
                             : vm.checked(Value::object(
                                   tuple_slice(vm.heap, static_cast<Tuple*>(o), b.start, b.step, b.count)));
            case Kind::Str:
                return whole ? Outcome(container)
                             : vm.checked(Value::object(slice_str(vm.heap, static_cast<Str*>(o), b.start,
                                                                  b.step, uint32_t(b.count))));
            case Kind::Bytes:
                return whole ? Outcome(container)
                             : bytes_slice(vm, view_of(static_cast<Bytes*>(o)), b, false);
            default:
                return bytes_slice(vm, view_of(static_cast<ByteArray*>(o)), b, true);
        }
    }
    return with_resolved_key(vm, container, key, Value::none(), kGet);
}

// list[slice] = items of a list or tuple
static Outcome assign_slice(VM& vm, List* l, const SliceBounds& b, bool extended, const Value* items,
                            size_t n) {
    charge(vm, (n + b.count) / 16);
    if (!extended)
        return list_replace(vm.heap, l, size_t(b.start), b.count, items, n) ? Outcome(Value::none())
                                                                            : vm.no_room();
    if (n != b.count)
        return vm.value_error("attempt to assign sequence of size %zu to extended slice of size %zu", n,
                              b.count);
    for (size_t i = 0; i < n; i++) l->items->items[b.start + int64_t(i) * b.step] = items[i];
    vm.heap.write(l->items);
    return Value::none();
}

static Outcome assign_slice_step(VM& vm,
                                 NativeFrame& frame) {  // list, slice (of ints), iterable; 3: extended
    switch (frame.step_state()) {
        case 0:
            frame[3] = Value::boolean(!frame[1].as<Slice>()->step.is_none() &&
                                      !frame[1].as<Slice>()->step.is(Value::integer(1)));
            if (!is_iterable(vm, frame[2]))
                return vm.type_error(frame[3].is_true() ? "must assign iterable to extended slice"
                                                        : "can only assign an iterable");
            AWAIT(1, op_list(vm, frame[2]));
            frame[2] = frame.result();
    }
    auto* l = frame[0].as<List>();
    auto* items = frame[2].as<List>();
    SliceBounds b;
    if (slice_bounds(vm, frame[1].as<Slice>(), l->size, b) != SliceState::Ready) return Outcome::raised();
    if (b.step == 1 && b.stop < b.start) b.count = 0;
    return assign_slice(vm, l, b, frame[3].is_true(), items->items->items, items->size);
}
static const NativeDef kAssignSlice = {
    .signature = "assign(list, slice, iterable, /)", .step = assign_slice_step, .locals = 1};

Outcome base_setitem(VM& vm, Value container, Value key, Value item) {
    Object* o = container.as_object();
    if (o->kind == Kind::Dict) return op_dict_set(vm, static_cast<Dict*>(o), key, item);
    if (o->kind != Kind::List) return Outcome::unhandled();
    auto* l = static_cast<List*>(o);
    if (is_int_like(key)) {
        int64_t i = position(vm, Kind::List, int_exact(vm.heap, key), l->size, true);
        if (i < 0) return Outcome::raised();
        list_set(vm.heap, l, size_t(i), item);
        return Value::none();
    }
    if (is_slice(key)) {
        SliceBounds b;
        switch (slice_bounds(vm, key.as<Slice>(), l->size, b)) {
            case SliceState::Raised:
                return Outcome::raised();
            case SliceState::Unresolved:
                return with_resolved_key(vm, container, key, item, kSet);
            case SliceState::Ready:
                break;
        }
        bool extended = b.step != 1;
        if (is_exact_list(item) && !item.is(container)) {
            auto* from = item.as<List>();
            return assign_slice(vm, l, b, extended, from->items->items, from->size);
        }
        if (is_exact_tuple(item))
            return assign_slice(vm, l, b, extended, item.as<Tuple>()->items, item.as<Tuple>()->size);
        return call_internal(vm, kAssignSlice, {container, key, item});
    }
    return with_resolved_key(vm, container, key, item, kSet);
}

static Outcome delete_key_step(VM& vm, NativeFrame& frame) {  // dict, key
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_dict_del(vm, frame[0].as<Dict>(), frame[1]));
    }
    return frame.result().is_unbound() ? vm.key_error(frame[1]) : Outcome(Value::none());
}
static const NativeDef kDeleteKey = {.signature = "delete(dict, key, /)", .step = delete_key_step};

Outcome base_delitem(VM& vm, Value container, Value key) {
    Object* o = container.as_object();
    if (o->kind == Kind::Dict) {
        Outcome deleted = op_dict_del(vm, static_cast<Dict*>(o), key);
        if (deleted.is_value()) return Value::none();
        if (deleted.is_stop()) return vm.key_error(key);
        return deleted.is_call() ? call_internal(vm, kDeleteKey, {container, key}) : deleted;
    }
    if (o->kind != Kind::List) return Outcome::unhandled();
    auto* l = static_cast<List*>(o);
    if (is_int_like(key)) {
        int64_t i = position(vm, Kind::List, int_exact(vm.heap, key), l->size, true);
        if (i < 0) return Outcome::raised();
        charge(vm, (l->size - size_t(i)) / 64);
        list_erase(l, size_t(i), 1);
        return Value::none();
    }
    if (is_slice(key)) {
        SliceBounds b;
        switch (slice_bounds(vm, key.as<Slice>(), l->size, b)) {
            case SliceState::Raised:
                return Outcome::raised();
            case SliceState::Unresolved:
                return with_resolved_key(vm, container, key, Value::none(), kDelete);
            case SliceState::Ready:
                break;
        }
        if (b.count == 0) return Value::none();
        if (b.step < 0) {  // the same items, upwards
            b.start += int64_t(b.count - 1) * b.step;
            b.step = -b.step;
        }
        charge(vm, (l->size - size_t(b.start)) / 64);
        if (b.step == 1 || b.count == 1)
            list_erase(l, size_t(b.start), b.count);
        else
            list_erase_step(l, size_t(b.start), size_t(b.step), b.count);
        return Value::none();
    }
    return with_resolved_key(vm, container, key, Value::none(), kDelete);
}

// ---- dict subscription: subclasses may define __missing__

static Outcome missing(VM& vm, Value container, Value key) {
    if (container.as_object()->shape >= kBuiltinShapes) {
        Value method = vm.special(container, Special::Missing);
        if (!method.is_unbound()) return vm.call_special(Special::Missing, container, {key});
    }
    return vm.key_error(key);
}

static Outcome dict_getitem_step(VM& vm, NativeFrame& frame) {  // dict, key
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_dict_get(vm, frame[0].as<Dict>(), frame[1]));
            if (!frame.result().is_unbound()) return frame.result();
            AWAIT(2, missing(vm, frame[0], frame[1]));
    }
    return frame.result();
}
static const NativeDef kDictGetitem = {.signature = "item(dict, key, /)", .step = dict_getitem_step};

static Outcome dict_getitem(VM& vm, Value container, Value key) {
    Outcome o = op_dict_get(vm, container.as<Dict>(), key);
    if (o.is_stop()) return missing(vm, container, key);
    return o.is_call() ? call_internal(vm, kDictGetitem, {container, key}) : o;
}

// ---- the operations of the language

static Outcome class_getitem_step(VM& vm, NativeFrame& frame) {  // class, key
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_getattr(vm, frame[0], vm.names.special[int(Special::ClassGetitem)]));
            AWAIT(2, vm.call(frame.result(), {frame[1]}));
    }
    return frame.result();
}
static const NativeDef kClassGetitem = {.signature = "item(class, key, /)", .step = class_getitem_step};

Outcome op_getitem(VM& vm, Value v, Value key) {
    if (v.is_object()) {
        Object* o = v.as_object();
        if (inherits_special(vm, v, Special::Getitem)) {
            Outcome fast = base_getitem(vm, v, key);
            if (!fast.is_unhandled()) return fast;
        }
        if (o->kind == Kind::Class && vm.special(v, Special::Getitem).is_unbound()) {
            auto* cls = static_cast<Class*>(o);
            if (cls == vm.type(kShapeType)) {  // type[int]
                auto* alias = vm.heap.make<GenericAlias>(Kind::GenericAlias, kShapeGenericAlias);
                alias->origin = v;
                alias->args = is_tuple(key) ? key : vm.tuple({key});
                alias->parameters = Value::unbound();
                return Value::object(alias);
            }
            Value method = cls->specials[int(Special::ClassGetitem)];
            if (method.is_unbound() || method.is_none())
                return vm.type_error("type '%s' is not subscriptable",
                                     std::string(vm.class_name(cls)).c_str());
            return call_internal(vm, kClassGetitem, {v, key});
        }
    }
    Value method = vm.special(v, Special::Getitem);
    if (method.is_unbound()) return vm.type_error("'%s' object is not subscriptable", vm.type_name(v));
    return call_found(vm, Special::Getitem, method, v, {key});
}

Outcome op_setitem(VM& vm, Value v, Value key, Value item) {
    if (is_exact_dict(v)) return op_dict_set(vm, v.as<Dict>(), key, item);
    if (v.is_object() && inherits_special(vm, v, Special::Setitem)) {
        Outcome fast = base_setitem(vm, v, key, item);
        if (!fast.is_unhandled()) return fast;
    }
    Value method = vm.special(v, Special::Setitem);
    if (method.is_unbound())
        return vm.type_error("'%s' object does not support item assignment", vm.type_name(v));
    return call_found(vm, Special::Setitem, method, v, {key, item});
}

Outcome op_delitem(VM& vm, Value v, Value key) {
    if (v.is_object() && inherits_special(vm, v, Special::Delitem)) {
        Outcome fast = base_delitem(vm, v, key);
        if (!fast.is_unhandled()) return fast;
    }
    Value method = vm.special(v, Special::Delitem);
    if (method.is_unbound())
        return vm.type_error("'%s' object doesn't support item deletion", vm.type_name(v));
    return call_found(vm, Special::Delitem, method, v, {key});
}

// ---- membership

static Outcome contains_step(VM& vm,
                             NativeFrame& frame) {  // container, item, by_method; 3 iterator or position
    switch (frame.step_state()) {
        case 0:
            if (frame[2].is_true()) {
                AWAIT(1, vm.call_special(Special::Contains, frame[0], {frame[1]}));
                AWAIT(2, op_truth(vm, frame.result()));
                return frame.result();
            }
            AWAIT_CATCHING(3, op_iter(vm, frame[0]));
            if (frame.result().is_unbound()) {
                if (!vm.is_instance(vm.caught, kShapeTypeError)) return raise_again(vm, vm.caught);
                return vm.type_error("argument of type '%s' is not iterable", vm.type_name(frame[0]));
            }
            frame[3] = frame.result();
            for (;;) {
                PAUSE(4);
                AWAIT(5, op_next(vm, frame[3]));
                if (frame.result().is_unbound()) return Value::false_();
                AWAIT(6, op_equal(vm, frame.result(), frame[1]));
                if (frame.result().is_true()) return Value::true_();
            }
    }
    return Value::false_();
}
static const NativeDef kContains = {
    .signature = "contains(container, item, by_method, /)", .step = contains_step, .locals = 1};

static Value sequence_item(Value sequence, int64_t i) {
    return is_list(sequence) ? sequence.as<List>()->items->items[i] : sequence.as<Tuple>()->items[i];
}

// A list or tuple from `position` on, where a comparison has to call out.
static Outcome sequence_contains_step(VM& vm, NativeFrame& frame) {  // container, item, position
    switch (frame.step_state()) {
        case 0:
            for (;; frame[2] = Value::integer(frame[2].as_int() + 1)) {
                PAUSE(1);
                if (frame[2].as_int() >= int64_t(sequence_length(frame[0].as_object())))
                    return Value::false_();
                AWAIT(2, op_equal(vm, sequence_item(frame[0], frame[2].as_int()), frame[1]));
                if (frame.result().is_true()) return Value::true_();
            }
    }
    return Value::false_();
}
static const NativeDef kSequenceContains = {.signature = "contains(sequence, item, position, /)",
                                            .step = sequence_contains_step};

static Outcome sequence_contains(VM& vm, Value container, const Value* items, size_t n, Value item) {
    for (size_t i = 0; i < n; i++) {
        Fast f = fast_same(items[i], item);
        if (f == Fast::True) return Value::true_();
        if (f == Fast::False) continue;
        Outcome o = op_equal(vm, items[i], item);
        if (o.is_call())
            return call_internal(vm, kSequenceContains, {container, item, Value::integer(int64_t(i))});
        if (!o.is_value() || o.value().is_true()) return o;
    }
    charge(vm, n / 16);
    return Value::false_();
}

static bool range_contains(VM& vm, const Range* r, Value item) {
    bool up = int_sign(r->step) > 0;
    if (int_compare(item, r->start) * (up ? 1 : -1) < 0 || int_compare(item, r->stop) * (up ? 1 : -1) >= 0)
        return false;
    return int_is_zero(int_mod(vm.heap, int_sub(vm.heap, item, r->start), r->step));
}

static Outcome items_contain_step(VM& vm, NativeFrame& frame) {  // dict, pair
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_dict_get(vm, frame[0].as<Dict>(), frame[1].as<Tuple>()->items[0]));
            if (frame.result().is_unbound()) return Value::false_();
            AWAIT(2, op_equal(vm, frame.result(), frame[1].as<Tuple>()->items[1]));
    }
    return frame.result();
}
static const NativeDef kItemsContain = {.signature = "contains(dict, pair, /)", .step = items_contain_step};

static Outcome dict_contains_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_dict_get(vm, frame[0].as<Dict>(), frame[1]));
    }
    return Value::boolean(!frame.result().is_unbound());
}
static const NativeDef kDictContains = {.signature = "contains(dict, key, /)", .step = dict_contains_step};

static Outcome dict_contains(VM& vm, Dict* d, Value key) {
    Outcome o = op_dict_get(vm, d, key);
    if (o.is_value()) return Value::true_();
    if (o.is_stop()) return Value::false_();
    return o.is_call() ? call_internal(vm, kDictContains, {Value::object(d), key}) : o;
}

Outcome base_contains(VM& vm, Value container, Value item) {
    Object* o = container.as_object();
    switch (o->kind) {
        case Kind::List:
            return sequence_contains(vm, container, static_cast<List*>(o)->items->items,
                                     static_cast<List*>(o)->size, item);
        case Kind::Tuple:
            return sequence_contains(vm, container, static_cast<Tuple*>(o)->items,
                                     static_cast<Tuple*>(o)->size, item);
        case Kind::Dict:
            return dict_contains(vm, static_cast<Dict*>(o), item);
        case Kind::Set:
            return op_set_contains(vm, static_cast<Set*>(o), frozen_if_set(vm, item));
        case Kind::Range:
            if (!is_exact_int(item) && !item.is_bool()) break;
            return Value::boolean(range_contains(vm, static_cast<Range*>(o), item));
        case Kind::DictView: {
            auto* view = static_cast<DictView*>(o);
            if (view->aux == DictView::kKeys) return dict_contains(vm, view->dict, item);
            if (view->aux == DictView::kValues) break;
            if (!is_tuple(item) || item.as<Tuple>()->size != 2) return Value::false_();
            return call_internal(vm, kItemsContain, {Value::object(view->dict), item});
        }
        case Kind::Str:
            if (!is_str(item))
                return vm.type_error("'in <string>' requires string as left operand, not %s",
                                     vm.type_name(item));
            return Value::boolean(find_bytes(static_cast<Str*>(o)->view(), item.as<Str>()->view()) !=
                                  std::string_view::npos);
        default:
            return Outcome::unhandled();
    }
    return call_internal(vm, kContains, {container, item, Value::false_()});
}

Outcome op_contains(VM& vm, Value v, Value item) {
    if (v.is_object() && inherits_special(vm, v, Special::Contains)) {
        Outcome fast = base_contains(vm, v, item);
        if (!fast.is_unhandled()) return fast;
    }
    Value method = vm.special(v, Special::Contains);
    if (method.is_none()) return vm.type_error("'%s' object is not a container", vm.type_name(v));
    if (!method.is_unbound()) {
        if (inherits_native(vm, v, Special::Contains)) {
            Outcome o = call_found(vm, Special::Contains, method, v, {item});
            if (!o.is_call()) return o;
        }
        return call_internal(vm, kContains, {v, item, Value::true_()});
    }
    if (!is_iterable(vm, v)) return vm.type_error("argument of type '%s' is not iterable", vm.type_name(v));
    return call_internal(vm, kContains, {v, item, Value::false_()});
}

}  // namespace gen
