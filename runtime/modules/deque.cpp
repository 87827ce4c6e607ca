// _collections.Ring: the ends of a deque, which collections/_deque.gen derives from it; and the first item of a dict.
#include "runtime/modules/modules.h"
#include "runtime/types/support.h"
#include "vm/data/dict_first.h"

#include <algorithm>
#include <bit>

namespace gen {

namespace {

struct Ring : Object {
    Value items;                 // Array, its capacity a power of two; unbound at first
    Value first, size, version;  // ints; the version changes whenever items come, go or move
    Value maxlen;                // int or None
    Value rest;
};
static_assert(sizeof(Ring) == sizeof(Record));

Ring* ring_of(Value v) { return v.as<Ring>(); }
uint64_t size_of(const Ring* r) { return uint64_t(r->size.as_int()); }
void set_size(Ring* r, uint64_t n) { r->size = Value::integer(int64_t(n)); }
void set_first(Ring* r, uint64_t n) { r->first = Value::integer(int64_t(n)); }
void changed(Ring* r) { r->version = Value::integer(r->version.as_int() + 1); }

// Where the item at `index` stands, size_of(r) included: the place behind the last one.
Value& place(Ring* r, uint64_t index) {
    auto* a = r->items.as<Array>();
    return a->items[(uint64_t(r->first.as_int()) + index) & (a->capacity - 1)];
}

bool grow(VM& vm, Ring* r) {
    const uint64_t n = size_of(r), capacity = r->items.is_unbound() ? 0 : r->items.as<Array>()->capacity;
    Array* larger = make_array(vm.heap, std::max<uint64_t>(capacity * 2, 8));
    if (!larger) return false;
    for (uint64_t i = 0; i < n; i++) larger->items[i] = place(r, i);
    r->items = Value::object(larger);
    set_first(r, 0);
    vm.heap.write(r);
    return true;
}

bool make_room_for_one(VM& vm, Ring* r) {
    return (r->items.is_object() && size_of(r) < r->items.as<Array>()->capacity) || grow(vm, r);
}

Value take_last(Ring* r) {
    const uint64_t n = size_of(r) - 1;
    Value& from = place(r, n);
    Value v = from;
    from = Value::unbound();
    set_size(r, n);
    return v;
}
inline Value take_first(Ring* r) {
    Value& from = place(r, 0);
    Value v = from;
    from = Value::unbound();
    set_first(r, (uint64_t(r->first.as_int()) + 1) & (r->items.as<Array>()->capacity - 1));
    set_size(r, size_of(r) - 1);
    return v;
}

Outcome ring_new(VM& vm, Value* args) {  // cls, *args, **kwargs
    Class* cls = checked_class(vm, args[0], kShapeRing);
    if (!cls) return Outcome::raised();
    auto* r = static_cast<Ring*>(allocate_instance(vm, cls));
    if (!r) return vm.out_of_memory();
    r->first = r->size = r->version = Value::integer(0);
    r->maxlen = Value::none();
    return Value::object(r);
}

// To one that has to grow, or is full.
[[gnu::noinline]] Outcome append_otherwise(VM& vm, Value* args) {
    Ring* r = ring_of(args[0]);
    const bool full = r->maxlen.is_int() && size_of(r) >= uint64_t(r->maxlen.as_int());
    if (full && size_of(r) == 0) return Value::none();
    if (full)
        take_first(r);
    else if (!make_room_for_one(vm, r))
        return vm.no_room();
    place(r, size_of(r)) = args[1];
    vm.heap.write(r->items.as_object(), &place(r, size_of(r)));
    set_size(r, size_of(r) + 1);
    changed(r);
    return Value::none();
}
Outcome append(VM& vm, Value* args) {
    Ring* r = ring_of(args[0]);
    const uint64_t n = size_of(r);
    if (r->items.is_object() && n < r->items.as<Array>()->capacity &&
        !(r->maxlen.is_int() && n >= uint64_t(r->maxlen.as_int()))) [[likely]] {
        Value& end = place(r, n);
        end = args[1];
        set_size(r, n + 1);
        changed(r);
        vm.heap.write(r->items.as_object(), &end);
        return Value::none();
    }
    return append_otherwise(vm, args);
}
Outcome append_left(VM& vm, Value* args) {
    Ring* r = ring_of(args[0]);
    const bool full = r->maxlen.is_int() && size_of(r) >= uint64_t(r->maxlen.as_int());
    if (full && size_of(r) == 0) return Value::none();
    if (full)
        take_last(r);
    else if (!make_room_for_one(vm, r))
        return vm.no_room();
    set_first(r, (uint64_t(r->first.as_int()) - 1) & (r->items.as<Array>()->capacity - 1));
    place(r, 0) = args[1];
    vm.heap.write(r->items.as_object(), &place(r, 0));
    set_size(r, size_of(r) + 1);
    changed(r);
    return Value::none();
}
template <Value (*take)(Ring*)>
Outcome pop(VM& vm, Value* args) {
    Ring* r = ring_of(args[0]);
    if (size_of(r) == 0) return vm.raise(kShapeIndexError, "pop from an empty deque");
    changed(r);
    return take(r);
}
Outcome clear(VM&, Value* args) {
    Ring* r = ring_of(args[0]);
    r->items = Value::unbound();
    r->first = r->size = Value::integer(0);
    changed(r);
    return Value::none();
}
Outcome length(VM&, Value* args) { return ring_of(args[0])->size; }
Outcome truth(VM&, Value* args) { return Value::boolean(size_of(ring_of(args[0])) != 0); }

// The item at an index, which may count from the end. Null: raised, or `failure` says what to do.
Value* item_at(VM& vm, Ring* r, Value index, Outcome& failure) {
    if (!is_int_like(index) && vm.special(index, Special::Index).is_unbound()) {
        failure = vm.type_error("sequence index must be integer, not '%s'", vm.type_name(index));
        return nullptr;
    }
    int64_t i;
    if (!get_size(vm, index, i, failure)) return nullptr;
    if (i < 0) i += int64_t(size_of(r));
    if (i >= 0 && uint64_t(i) < size_of(r)) return &place(r, uint64_t(i));
    failure = vm.raise(kShapeIndexError, "deque index out of range");
    return nullptr;
}
Outcome get_item(VM& vm, Value* args) {
    Outcome failure = Value::none();
    Value* at = item_at(vm, ring_of(args[0]), args[1], failure);
    return at ? Outcome(*at) : failure;
}
Outcome set_item(VM& vm, Value* args) {
    Outcome failure = Value::none();
    Value* at = item_at(vm, ring_of(args[0]), args[1], failure);
    if (!at) return failure;
    *at = args[2];
    vm.heap.write(ring_of(args[0])->items.as_object(), at);
    return Value::none();
}

Outcome to_list(VM& vm, Value* args) {
    Ring* r = ring_of(args[0]);
    List* list = make_list(vm.heap, size_of(r));
    if (!list) return vm.no_room();
    for (uint64_t i = 0; i < size_of(r); i++) list->items->items[i] = place(r, i);
    list->size = size_of(r);
    return Value::object(list);
}
Outcome from_list(VM& vm, Value* args) {  // self, items
    Ring* r = ring_of(args[0]);
    if (!is_list(args[1])) return vm.type_error("a list is required, not '%s'", vm.type_name(args[1]));
    const List* list = args[1].as<List>();
    Array* items = make_array(vm.heap, std::max<uint64_t>(std::bit_ceil(list->size), 8));
    if (!items) return vm.no_room();
    std::copy_n(list->items->items, list->size, items->items);
    r->items = Value::object(items);
    set_first(r, 0);
    set_size(r, list->size);
    changed(r);
    vm.heap.write(r);
    return Value::none();
}

Outcome get_version(VM&, Value* args) { return ring_of(args[0])->version; }
Outcome get_maxlen(VM&, Value self) { return ring_of(self)->maxlen; }
Outcome set_maxlen(VM& vm, Value* args) {
    if (!args[1].is_none() && (!args[1].is_int() || args[1].as_int() < 0))
        return vm.type_error("an integer is required");
    ring_of(args[0])->maxlen = args[1];
    return Value::none();
}

// A function of the module: its first argument is a ring.
template <PlainFn function>
Outcome of_ring(VM& vm, Value* args) {
    if (!vm.is_instance(args[0], kShapeRing))
        return vm.type_error("a deque is required, not '%s'", vm.type_name(args[0]));
    return function(vm, args);
}

// OrderedDict.popitem(last=False), of a dict that is not empty.
Outcome pop_first(VM& vm, Value* args) {
    if (!is_dict(args[0])) return vm.type_error("a dict is required, not '%s'", vm.type_name(args[0]));
    auto* d = args[0].as<Dict>();
    const int64_t first = dict_first(d);
    if (first < 0) return vm.raise(kShapeKeyError, "dictionary is empty");
    const DictEntry& e = d->table->entries[first];
    Value pair = vm.tuple({e.key, e.value});
    dict_delete_at(vm.heap, d, uint32_t(first));
    return pair;
}

const NativeDef kMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwds)", .fn = ring_new, .flags = kStaticNative},
    {.signature = "append(self, x, /)",
     .fn = append,
     .doc = "Add an element to the right side of the deque."},
    {.signature = "appendleft(self, x, /)",
     .fn = append_left,
     .doc = "Add an element to the left side of the deque."},
    {.signature = "pop(self)", .fn = pop<take_last>, .doc = "Remove and return the rightmost element."},
    {.signature = "popleft(self)", .fn = pop<take_first>, .doc = "Remove and return the leftmost element."},
    {.signature = "clear(self)", .fn = clear, .doc = "Remove all elements from the deque."},
    {.signature = "__len__(self, /)", .fn = length},
    {.signature = "__bool__(self, /)", .fn = truth},
    {.signature = "__getitem__(self, index, /)", .fn = get_item, .step = step_with_index},
    {.signature = "__setitem__(self, index, value, /)", .fn = set_item, .step = step_with_index},
};
// For deque and OrderedDict: these are no methods, so that no subclass can come between and dir() does not tell of them.
const NativeDef kFunctions[] = {
    {.signature = "items(ring, /)", .fn = of_ring<to_list>},
    {.signature = "set_items(ring, items, /)", .fn = of_ring<from_list>},
    {.signature = "set_maxlen(ring, maxlen, /)", .fn = of_ring<set_maxlen>},
    {.signature = "version(ring, /)", .fn = of_ring<get_version>},
    {.signature = "pop_first(dict, /)", .fn = pop_first},
};
const AttributeDef kAttributes[] = {
    {"maxlen", get_maxlen, nullptr, "maximum size of a deque or None if unbounded"},
};

void init(VM& vm, Module* m) {
    define_type(vm, {.shape = kShapeRing, .methods = kMethods, .attributes = kAttributes});
    vm.type(kShapeRing)->module = vm.str("_collections");
    vm.set(m->dict, "Ring", Value::object(vm.type(kShapeRing)));
}

}  // namespace

const ModuleDef kCollectionsModule = {.name = "_collections", .functions = kFunctions, .init = init};

}  // namespace gen
