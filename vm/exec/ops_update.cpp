#include "vm/exec/tables.h"

#include "vm/exec/iterators.h"
#include "vm/exec/ops.h"
#include "vm/exec/step.h"

namespace gen {

// ---- dicts

// dict, other dict (by its table); 2 position, 3 version of the other
static Outcome merge_dict_step(VM& vm, NativeFrame& frame) {
    DictEntry* e;
    uint32_t position;
    switch (frame.step_state()) {
        case 0:
            frame[2] = Value::integer(0);
            frame[3] = Value::integer(int64_t(frame[1].as<Dict>()->version));
            for (;;) {
                PAUSE(1);
                if (int64_t(frame[1].as<Dict>()->version) != frame[3].as_int())
                    return vm.raise(kShapeRuntimeError, "dict mutated during update");
                position = uint32_t(frame[2].as_int());
                e = next_entry(frame[1].as<Dict>(), position);
                if (!e) return Value::none();
                frame[2] = Value::integer(position);
                AWAIT(2, op_dict_set(vm, frame[0].as<Dict>(), e->key, e->value));
            }
    }
    return Value::none();
}
static const NativeDef kMergeDict = {
    .signature = "update(dict, other, /)", .step = merge_dict_step, .locals = 2};

// dict, mapping with keys(); 2 iterator, 3 key
static Outcome merge_mapping_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_getattr(vm, frame[1], vm.names.keys));
            AWAIT(2, vm.call(frame.result(), {}));
            if (!is_iterable(vm, frame.result()))
                return vm.type_error("%s.keys() returned a non-iterable (type %s)", vm.type_name(frame[1]),
                                     std::string(vm.type_name(frame.result())).c_str());
            AWAIT(3, op_iter(vm, frame.result()));
            frame[2] = frame.result();
            for (;;) {
                PAUSE(4);
                AWAIT(5, op_next(vm, frame[2]));
                if (frame.result().is_unbound()) return Value::none();
                frame[3] = frame.result();
                AWAIT(6, op_getitem(vm, frame[1], frame[3]));
                AWAIT(7, op_dict_set(vm, frame[0].as<Dict>(), frame[3], frame.result()));
            }
    }
    return Value::none();
}
static const NativeDef kMergeMapping = {
    .signature = "update(dict, mapping, /)", .step = merge_mapping_step, .locals = 2};

Outcome op_dict_merge(VM& vm, Dict* d, Value mapping) {
    if (is_dict(mapping) && inherits_special(vm, mapping, Special::Iter)) {
        auto* other = mapping.as<Dict>();
        if (other == d) return Value::none();
        switch (dict_update(vm.heap, d, other)) {
            case Store::Done:
                charge(vm, dict_length(other) / 8);
                return Value::none();
            case Store::NoMemory:
                return vm.no_room();
            case Store::Ask:
                return call_internal(vm, kMergeDict, {Value::object(d), mapping});
        }
    }
    return call_internal(vm, kMergeMapping, {Value::object(d), mapping});
}

static bool as_pair(Value v, Value*& items, size_t& n) {
    if (is_exact_tuple(v)) {
        items = v.as<Tuple>()->items;
        n = v.as<Tuple>()->size;
        return true;
    }
    if (is_exact_list(v)) {
        items = v.as<List>()->items->items;
        n = v.as<List>()->size;
        return true;
    }
    return false;
}

// dict, source; 2 iterator, 3 number of the element
static Outcome update_step(VM& vm, NativeFrame& frame) {
    Value* pair;
    size_t n;
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_getattr_or_stop(vm, frame[1], vm.names.keys));
            if (!frame.result().is_unbound()) {
                AWAIT(2, op_dict_merge(vm, frame[0].as<Dict>(), frame[1]));
                return Value::none();
            }
            AWAIT(3, op_iter(vm, frame[1]));
            frame[2] = frame.result();
            for (frame[3] = Value::integer(0);; frame[3] = Value::integer(frame[3].as_int() + 1)) {
                PAUSE(4);
                AWAIT(5, op_next(vm, frame[2]));
                if (frame.result().is_unbound()) return Value::none();
                if (!as_pair(frame.result(), pair, n)) {
                    AWAIT_CATCHING(6, op_list(vm, frame.result()));
                    if (frame.result().is_unbound()) {
                        if (!vm.is_subclass(vm.class_of(vm.caught), vm.type(kShapeTypeError)))
                            return raise_again(vm, vm.caught);
                        return vm.type_error(
                            "cannot convert dictionary update sequence element #%lld to a sequence",
                            (long long)frame[3].as_int());
                    }
                    as_pair(frame.result(), pair, n);
                }
                if (n != 2)
                    return vm.value_error(
                        "dictionary update sequence element #%lld has length %zu; 2 is required",
                        (long long)frame[3].as_int(), n);
                AWAIT(7, op_dict_set(vm, frame[0].as<Dict>(), pair[0], pair[1]));
            }
    }
    return Value::none();
}
static const NativeDef kUpdate = {
    .signature = "update(dict, source, /)", .step = update_step, .locals = 2, .flags = kConsumes};

Outcome op_dict_update(VM& vm, Dict* d, Value source) {
    if (is_dict(source) && inherits_special(vm, source, Special::Iter)) return op_dict_merge(vm, d, source);
    return call_internal(vm, kUpdate, {Value::object(d), source});
}

// ---- sets

Value frozen_if_set(VM& vm, Value item) {
    if (!is_set(item)) return item;
    Value hash = vm.special(item, Special::Hash);
    if (!hash.is_unbound() && !hash.is_none()) return item;
    Set* frozen = set_copy(vm.heap, item.as<Set>(), kShapeFrozenSet);
    return frozen ? Value::object(frozen) : item;
}

// set, iterable; 2 position. Another set is walked by position, whatever the script does to it meanwhile.
static Outcome set_update_step(VM& vm, NativeFrame& frame) {
    DictEntry* e;
    uint32_t position;
    switch (frame.step_state()) {
        case 0:
            if (is_set(frame[1]) && inherits_special(vm, frame[1], Special::Iter)) {
                for (frame[2] = Value::integer(0);;) {
                    PAUSE(5);
                    position = uint32_t(frame[2].as_int());
                    e = next_entry(frame[1].as<Set>(), position);
                    if (!e) return Value::none();
                    frame[2] = Value::integer(position);
                    AWAIT(6, op_set_add(vm, frame[0].as<Set>(), e->key));
                }
            }
            AWAIT(1, op_iter(vm, frame[1]));
            AWAIT(2, consume(vm, Consumer::Unite, frame.result(), frame[0]));
    }
    return Value::none();
}
static const NativeDef kSetUpdate = {
    .signature = "update(set, iterable, /)", .step = set_update_step, .locals = 1, .flags = kConsumes};

Outcome op_set_update(VM& vm, Set* s, Value iterable) {
    bool keys =
        is_exact_dict(iterable) || (iterable.is_object() && iterable.as_object()->shape == kShapeDictKeys);
    if (keys || (is_set(iterable) && inherits_special(vm, iterable, Special::Iter))) {
        DictTable* from = is_set(iterable)    ? iterable.as<Set>()->table
                          : is_dict(iterable) ? iterable.as<Dict>()->table
                                              : iterable.as<DictView>()->dict->table;
        switch (set_update(vm.heap, s, from)) {
            case Store::Done:
                charge(vm, from->live / 8);
                return Value::none();
            case Store::NoMemory:
                return vm.no_room();
            case Store::Ask:
                break;
        }
    } else if (is_exact_list(iterable) || is_exact_tuple(iterable)) {
        Value* items;
        size_t n;
        as_pair(iterable, items, n);
        uint64_t hash;
        size_t i = 0;
        for (; i < n; i++) {
            Probe p;
            if (!fast_hash(vm.hash_key, items[i], hash)) break;
            Store done = set_add(vm.heap, s, items[i], hash, p);
            if (done == Store::NoMemory) return vm.no_room();
            if (done == Store::Ask) break;
        }
        charge(vm, i / 8);
        if (i == n) return Value::none();
    }
    if (is_generator(iterable)) return consume(vm, Consumer::Unite, iterable, Value::object(s));
    return call_internal(vm, kSetUpdate, {Value::object(s), iterable});
}

// iterable, frozen; 2 the set
static Outcome make_set_step(VM& vm, NativeFrame& frame) {
    Set* s;
    switch (frame.step_state()) {
        case 0:
            s = make_set(vm.heap, 0, frame[1].is_true() ? kShapeFrozenSet : kShapeSet);
            if (!s) return vm.no_room();
            frame[2] = Value::object(s);
            AWAIT(1, op_set_update(vm, frame[2].as<Set>(), frame[0]));
    }
    return frame[2];
}
static const NativeDef kMakeSet = {
    .signature = "set(iterable, frozen, /)", .step = make_set_step, .locals = 1, .flags = kConsumes};

Outcome op_set(VM& vm, Value iterable, BuiltinShape shape) {
    if (is_set(iterable) && inherits_special(vm, iterable, Special::Iter)) {
        charge(vm, set_length(iterable.as<Set>()) / 8);
        return vm.checked(Value::object(set_copy(vm.heap, iterable.as<Set>(), shape)));
    }
    if (is_generator(iterable)) {
        Set* s = make_set(vm.heap, 0, shape);
        return s ? consume(vm, Consumer::CollectUnique, iterable, Value::object(s)) : vm.no_room();
    }
    return call_internal(vm, kMakeSet, {iterable, Value::boolean(shape == kShapeFrozenSet)});
}

}  // namespace gen
