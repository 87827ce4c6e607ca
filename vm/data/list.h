// Lists, tuples, arrays, bytes and bytearrays: making and changing them. Null, unbound or false: out of
// memory, and nothing has changed. Indices are checked by the caller: 0 <= index <= size.
#pragma once
#include "vm/data/heap.h"

#include <string_view>

namespace gen {

constexpr size_t kMaxItems = size_t{1} << 40;

inline bool is_list(Value v) { return v.is_object() && v.as_object()->kind == Kind::List; }  // or a subclass
inline bool is_tuple(Value v) { return v.is_object() && v.as_object()->kind == Kind::Tuple; }
inline bool is_exact_list(Value v) { return v.is_object() && v.as_object()->shape == kShapeList; }
inline bool is_exact_tuple(Value v) { return v.is_object() && v.as_object()->shape == kShapeTuple; }
inline bool is_bytes(Value v) { return v.is_object() && v.as_object()->kind == Kind::Bytes; }
inline bool is_bytearray(Value v) { return v.is_object() && v.as_object()->kind == Kind::ByteArray; }

Array* make_array(Heap&, size_t capacity);  // all unbound

// ---- tuples: filled with unbound, to be filled before a script sees them
Tuple* make_tuple(Heap&, size_t size, uint32_t shape = kShapeTuple, size_t slots = 0);
Tuple* make_tuple(Heap&, const Value* items, size_t size);
inline Value* tuple_slots(Tuple* t) { return t->items + t->size; }
Tuple* tuple_slice(Heap&, const Tuple*, int64_t start, int64_t step, size_t count);
Tuple* tuple_concat(Heap&, const Tuple*, const Tuple*);
Tuple* tuple_repeat(Heap&, const Tuple*, int64_t times);

// ---- lists
List* make_list(Heap&, size_t capacity = 0, uint32_t shape = kShapeList, size_t slots = 0);  // empty
List* make_list(Heap&, const Value* items, size_t size);
inline Value* list_slots(List* l) { return reinterpret_cast<Value*>(l + 1); }
bool list_grow(Heap&, List*, size_t size);     // room for `size` in all, and some to spare
bool list_reserve(Heap&, List*, size_t size);  // exactly
inline bool list_append(Heap& heap, List* l, Value v) {
    if (l->size == l->items->capacity && !list_grow(heap, l, l->size + 1)) [[unlikely]]
        return false;
    Value* at = &l->items->items[l->size++];
    *at = v;
    if (v.is_object()) heap.write(l->items, at);
    return true;
}
inline void list_set(Heap& heap, List* l, size_t index, Value v) {
    l->items->items[index] = v;
    if (v.is_object()) heap.write(l->items, &l->items->items[index]);
}
bool list_insert(Heap&, List*, size_t index, Value);
Value list_pop(List*, size_t index);  // index < size
void list_erase(List*, size_t from, size_t count);
void list_clear(Heap&, List*);
// `items` may lie in the list itself, here and below.
bool list_extend(Heap&, List*, const Value* items, size_t n);
bool list_replace(Heap&, List*, size_t from, size_t count, const Value* items,
                  size_t n);                                           // l[from:from+count] = items
void list_erase_step(List*, size_t start, size_t step, size_t count);  // del l[start::step], step > 1
List* list_slice(Heap&, const List*, int64_t start, int64_t step, size_t count);
List* list_concat(Heap&, const List*, const List*);
List* list_repeat(Heap&, const List*, int64_t times);
bool list_repeat_in_place(Heap&, List*, int64_t times);
void list_reverse(Heap&, List*);

// ---- slices: turns the bounds into start and count for a sequence of that length, as slice.indices does.
// Bounds that were not given are passed as such; step is not 0.
struct SliceBounds {
    int64_t start, stop, step;
    size_t count;
};
SliceBounds slice_bounds(size_t length, const int64_t* start, const int64_t* stop, int64_t step);

// ---- bytes
Bytes* make_bytes_uninitialized(Heap&, size_t size, uint32_t shape = kShapeBytes, size_t slots = 0);
Bytes* make_bytes(Heap&, const void* data, size_t size);
inline Bytes* make_bytes(Heap& heap, std::string_view s) { return make_bytes(heap, s.data(), s.size()); }
inline Value* bytes_slots(Bytes* b) {
    return reinterpret_cast<Value*>(b->data + ((b->size + 8) & ~uint64_t{7}));
}
ByteArray* make_bytearray(Heap&, const void* data, size_t size, uint32_t shape = kShapeByteArray,
                          size_t slots = 0);
bool bytearray_resize(Heap&, ByteArray*, size_t size);  // new bytes are zero; ask `exports` before
// b[from:from+count] = data
bool bytearray_replace(Heap&, ByteArray*, size_t from, size_t count, const void* data, size_t n);
inline std::string_view view_of(const Bytes* b) { return {reinterpret_cast<const char*>(b->data), b->size}; }
inline std::string_view view_of(const ByteArray* b) {
    return b->size ? std::string_view{reinterpret_cast<const char*>(b->buffer->data), b->size}
                   : std::string_view{};
}

Blob* make_blob(Heap&, size_t size);  // not cleared

}  // namespace gen
