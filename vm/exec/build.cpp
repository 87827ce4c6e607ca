// Displays, unpacking, formatting: instructions that make containers and strings. What involves the script's own iteration, hashing
// or equality is left to functions of the prelude.
#include "vm/exec/exec.h"
#include "vm/exec/tables.h"

namespace gen {

Outcome build_list(VM& vm, const Value* items, unsigned count) {
    List* l = make_list(vm.heap, items, count);
    return l ? Outcome(Value::object(l)) : vm.no_room();
}

Outcome build_set(VM& vm, const Value* items, unsigned count) {
    Set* s = make_set(vm.heap, count);
    if (!s) return vm.no_room();
    for (unsigned i = 0; i < count; i++) {
        Outcome o = op_set_add(vm, s, items[i]);
        if (o.is_raised()) return o;
        if (!o.is_value()) return vm.call_prelude(vm.names.build_set, {vm.checked_tuple(items, count)});
    }
    return Value::object(s);
}

Outcome build_map(VM& vm, const Value* pairs, unsigned count) {
    Dict* d = make_dict(vm.heap, count);
    if (!d) return vm.no_room();
    for (unsigned i = 0; i < count; i++) {
        Outcome o = op_dict_set(vm, d, pairs[2 * i], pairs[2 * i + 1]);
        if (o.is_raised()) return o;
        if (!o.is_value()) return vm.call_prelude(vm.names.build_map, {vm.checked_tuple(pairs, 2 * count)});
    }
    return Value::object(d);
}

Outcome build_string(VM& vm, const Value* parts, unsigned count) {
    size_t bytes = 0;
    for (unsigned i = 0; i < count; i++) bytes += parts[i].as<Str>()->size;
    Str* s = make_str_uninitialized(vm.heap, bytes);
    if (!s) return vm.no_room();
    char* to = s->own;
    for (unsigned i = 0; i < count; i++) {
        Str* part = parts[i].as<Str>();
        std::memcpy(to, part->data(), part->size);
        to += part->size;
    }
    finish_str(s);
    return Value::object(s);
}

Outcome append_after_collecting(VM& vm, Frame* fr, Value list, Value item) {
    collect_garbage(vm, fr, Heap::Extent::Major);
    return list_append(vm.heap, list.as<List>(), item) ? Outcome(list) : vm.out_of_memory();
}

Outcome list_extend_with(VM& vm, Value list, Value iterable, Value callee) {
    List* l = list.as<List>();
    const Value* items = nullptr;
    size_t count = 0;
    if (is_exact_list(iterable)) {
        items = iterable.as<List>()->items->items;
        count = iterable.as<List>()->size;
    } else if (is_exact_tuple(iterable)) {
        items = iterable.as<Tuple>()->items;
        count = iterable.as<Tuple>()->size;
    }
    if (items) return list_extend(vm.heap, l, items, count) ? Outcome(Value::none()) : vm.out_of_memory();
    bool of_call = !callee.is_unbound();
    return vm.call_prelude(vm.names.list_extend,
                           {list, iterable, Value::boolean(of_call), of_call ? callee : Value::none()});
}

Outcome set_update_with(VM& vm, Value set, Value iterable) {
    return op_set_update(vm, set.as<Set>(), iterable);
}

// Keywords of a call from an exact dict: only strings, none of them given already. False: see the prelude for why.
static bool merge_keywords(VM& vm, Dict* to, Dict* from) {
    uint32_t position = 0;
    while (DictEntry* e = next_entry(from, position))
        if (!is_exact_str(e->key) || dict_get_str(to, e->key.as<Str>(), e->hash)) return false;
    return dict_update(vm.heap, to, from) == Store::Done;
}

Outcome map_update_with(VM& vm, Value dict, Value mapping, Value callee) {
    if (callee.is_unbound()) {
        if (is_exact_dict(mapping)) return op_dict_merge(vm, dict.as<Dict>(), mapping);
        return vm.call_prelude(vm.names.map_update, {dict, mapping});
    }
    if (is_exact_dict(mapping) && merge_keywords(vm, dict.as<Dict>(), mapping.as<Dict>()))
        return Value::none();
    return vm.call_prelude(vm.names.merge_keywords, {dict, mapping, callee});
}

Outcome format_value(VM& vm, Value v, unsigned conversion, Value spec) {
    if (spec.is_unbound()) {
        if (conversion == 's') return op_str(vm, v);
        if (conversion == 'r') return op_repr(vm, v);
        if (conversion == 'a') return op_ascii(vm, v);
        if (is_exact_str(v)) return v;
        return op_format(vm, v, Value::object(vm.empty_string));
    }
    if (!conversion) return op_format(vm, v, spec);
    const char text[2] = {char(conversion), 0};
    return vm.call_prelude(vm.names.format_converted, {v, vm.str(text), spec});
}

Outcome unpack_iterable(VM& vm, Value v, unsigned before, int after) {
    if (is_exact_list(v) || is_exact_tuple(v)) {
        const Value* items = is_exact_list(v) ? v.as<List>()->items->items : v.as<Tuple>()->items;
        size_t size = is_exact_list(v) ? v.as<List>()->size : v.as<Tuple>()->size;
        if (after < 0) {
            if (size < before)
                return vm.value_error("not enough values to unpack (expected %u, got %zu)", before, size);
            if (size > before) return vm.value_error("too many values to unpack (expected %u)", before);
            return vm.checked(Value::object(make_tuple(vm.heap, items, size)));
        }
        if (size < before + unsigned(after))
            return vm.value_error("not enough values to unpack (expected at least %u, got %zu)",
                                  before + unsigned(after), size);
        Tuple* t = make_tuple(vm.heap, before + 1 + size_t(after));
        size_t middle = size - before - size_t(after);
        List* rest = make_list(vm.heap, items + before, middle);
        if (!t || !rest) return vm.out_of_memory();
        for (unsigned i = 0; i < before; i++) t->items[i] = items[i];
        t->items[before] = Value::object(rest);
        for (int i = 0; i < after; i++) t->items[before + 1 + size_t(i)] = items[before + middle + size_t(i)];
        return Value::object(t);
    }
    note_unawaited(vm, v);
    return vm.call_prelude(vm.names.unpack, {v, Value::integer(before), Value::integer(after)});
}

}  // namespace gen
