#include "vm/data/list.h"

#include <algorithm>

namespace gen {

namespace {

void copy(Value* to, const Value* from, size_t n) {
    if (n) std::memmove(to, from, n * sizeof(Value));
}
// Into memory of its own. Short ones, which are most, by a loop.
void fill(Value* to, const Value* from, size_t n) {
    if (n > 16) {
        std::memcpy(to, from, n * sizeof(Value));
        return;
    }
    for (size_t i = 0; i < n; i++) to[i] = from[i];
}

void clear(Value* at, size_t n) { std::fill_n(at, n, Value::unbound()); }

// Room to spare: arrays that were outgrown are garbage until the next collection, so growth is by a half;
// large ones waste no more than a quarter.
size_t roomy(size_t size) { return size + (size < 65536 ? size / 2 : size / 4) + 4; }

// Its items are to be filled before anything else is allocated.
Array* make_array_uninitialized(Heap& heap, size_t capacity) {
    if (capacity > kMaxItems) return nullptr;
    auto* a = heap.make<Array>(Kind::Array, kShapeInternal, sizeof(Array) + capacity * sizeof(Value));
    if (a) a->capacity = capacity;
    return a;
}

// A list around `items`, all of which it holds.
List* wrap_array(Heap& heap, Array* items) {
    auto* l = items ? heap.make<List>(Kind::List, kShapeList) : nullptr;
    if (!l) return nullptr;
    l->items = items;
    l->size = items->capacity;
    return l;
}

Tuple* make_tuple_uninitialized(Heap& heap, size_t size) {
    if (size > kMaxItems) return nullptr;
    auto* t = heap.make<Tuple>(Kind::Tuple, kShapeTuple, sizeof(Tuple) + size * sizeof(Value));
    if (t) t->size = size;
    return t;
}

bool set_capacity(Heap& heap, List* l, size_t capacity) {
    Array* a = make_array_uninitialized(heap, capacity);
    if (!a) return false;
    size_t kept = std::min(l->size, capacity);
    fill(a->items, l->items->items, kept);
    clear(a->items + kept, capacity - kept);
    l->items = a;
    heap.write(l);
    return true;
}

// True, and the size of the result, if it fits.
bool repeated_size(size_t size, int64_t times, size_t& out) {
    if (times < 0) times = 0;
    return !__builtin_mul_overflow(size, size_t(times), &out) && out <= kMaxItems;
}

void repeat_items(Value* to, size_t unit, size_t total) {  // the first unit is there already
    for (size_t done = unit; done < total;) {
        size_t n = std::min(done, total - done);
        std::memcpy(to + done, to, n * sizeof(Value));
        done += n;
    }
}

}  // namespace

Array* make_array(Heap& heap, size_t capacity) {
    Array* a = make_array_uninitialized(heap, capacity);
    if (a) clear(a->items, capacity);
    return a;
}

Blob* make_blob(Heap& heap, size_t size) {
    if (size > kMaxItems) return nullptr;
    auto* b = heap.make<Blob>(Kind::Blob, kShapeInternal, sizeof(Blob) + size);
    if (b) b->size = size;
    return b;
}

// ---- tuples

Tuple* make_tuple(Heap& heap, size_t size, uint32_t shape, size_t slots) {
    if (size > kMaxItems) return nullptr;
    auto* t = heap.make<Tuple>(Kind::Tuple, shape, sizeof(Tuple) + (size + slots) * sizeof(Value));
    if (!t) return nullptr;
    t->size = size;
    clear(t->items, size + slots);
    return t;
}

Tuple* make_tuple(Heap& heap, const Value* items, size_t size) {
    Tuple* t = make_tuple_uninitialized(heap, size);
    if (t) fill(t->items, items, size);
    return t;
}

Tuple* tuple_slice(Heap& heap, const Tuple* t, int64_t start, int64_t step, size_t count) {
    if (step == 1) return make_tuple(heap, t->items + start, count);
    Tuple* r = make_tuple(heap, count);
    if (!r) return nullptr;
    for (size_t i = 0; i < count; i++) r->items[i] = t->items[start + int64_t(i) * step];
    return r;
}

Tuple* tuple_concat(Heap& heap, const Tuple* a, const Tuple* b) {
    Tuple* t = make_tuple_uninitialized(heap, a->size + b->size);
    if (!t) return nullptr;
    fill(t->items, a->items, a->size);
    fill(t->items + a->size, b->items, b->size);
    return t;
}

Tuple* tuple_repeat(Heap& heap, const Tuple* t, int64_t times) {
    size_t size;
    if (!repeated_size(t->size, times, size)) return nullptr;
    Tuple* r = make_tuple(heap, size);
    if (!r || size == 0) return r;
    copy(r->items, t->items, t->size);
    repeat_items(r->items, t->size, size);
    return r;
}

// ---- lists

List* make_list(Heap& heap, size_t capacity, uint32_t shape, size_t slots) {
    Array* a = make_array(heap, capacity);
    if (!a) return nullptr;
    auto* l = heap.make<List>(Kind::List, shape, sizeof(List) + slots * sizeof(Value));
    if (!l) return nullptr;
    l->items = a;
    l->size = 0;
    clear(list_slots(l), slots);
    return l;
}

List* make_list(Heap& heap, const Value* items, size_t size) {
    Array* a = make_array_uninitialized(heap, size);
    if (!a) return nullptr;
    fill(a->items, items, size);
    return wrap_array(heap, a);
}

bool list_grow(Heap& heap, List* l, size_t size) {
    if (size <= l->items->capacity) return true;
    if (set_capacity(heap, l, roomy(size))) return true;
    // Less to spare, but some: near the limit a list must not be copied for every item.
    return set_capacity(heap, l, std::max(size, l->items->capacity + l->items->capacity / 32 + 1));
}

bool list_reserve(Heap& heap, List* l, size_t size) {
    return size <= l->items->capacity || set_capacity(heap, l, size);
}

bool list_insert(Heap& heap, List* l, size_t index, Value v) {
    if (!list_grow(heap, l, l->size + 1)) return false;
    Value* at = l->items->items + index;
    copy(at + 1, at, l->size - index);
    *at = v;
    l->size++;
    heap.write(l->items);
    return true;
}

Value list_pop(List* l, size_t index) {
    Value v = l->items->items[index];
    list_erase(l, index, 1);
    return v;
}

void list_erase(List* l, size_t from, size_t count) {
    Value* items = l->items->items;
    copy(items + from, items + from + count, l->size - from - count);
    if (from + count != l->size) Heap::moved(l->items);
    l->size -= count;
    clear(items + l->size, count);
}

void list_clear(Heap& heap, List* l) {
    if (Array* a = make_array(heap, 0)) {
        l->items = a;
        heap.write(l);
    }
    l->size = 0;
}

bool list_extend(Heap& heap, List* l, const Value* items, size_t n) {
    if (!list_grow(heap, l, l->size + n))
        return false;  // `items` stays valid: nothing is freed before a safepoint
    copy(l->items->items + l->size, items, n);
    heap.write(l->items, l->items->items + l->size, n);
    l->size += n;
    return true;
}

bool list_replace(Heap& heap, List* l, size_t from, size_t count, const Value* items, size_t n) {
    const Value* first = l->items->items;
    if (n && items >= first && items < first + l->items->capacity) {  // a slice of itself: by a copy
        Array* copied = make_array(heap, n);
        if (!copied) return false;
        copy(copied->items, items, n);
        items = copied->items;
    }
    size_t size = l->size - count + n;
    if (!list_grow(heap, l, size)) return false;
    Value* at = l->items->items + from;
    copy(at + n, at + count, l->size - from - count);
    copy(at, items, n);
    if (size < l->size) clear(l->items->items + size, l->size - size);
    l->size = size;
    heap.write(l->items);
    return true;
}

void list_erase_step(List* l, size_t start, size_t step, size_t count) {
    if (count == 0) return;
    Value* items = l->items->items;
    size_t to = start;
    for (size_t i = 0; i < count; i++) {
        size_t from = start + i * step + 1, next = i + 1 < count ? from + step - 1 : l->size;
        copy(items + to, items + from, next - from);
        to += next - from;
    }
    Heap::moved(l->items);
    clear(items + to, l->size - to);
    l->size = to;
}

List* list_slice(Heap& heap, const List* l, int64_t start, int64_t step, size_t count) {
    const Value* items = l->items->items;
    if (step == 1) return make_list(heap, items + start, count);
    List* r = make_list(heap, count);
    if (!r) return nullptr;
    for (size_t i = 0; i < count; i++) r->items->items[i] = items[start + int64_t(i) * step];
    r->size = count;
    return r;
}

List* list_concat(Heap& heap, const List* a, const List* b) {
    Array* both = make_array_uninitialized(heap, a->size + b->size);
    if (!both) return nullptr;
    fill(both->items, a->items->items, a->size);
    fill(both->items + a->size, b->items->items, b->size);
    return wrap_array(heap, both);
}

List* list_repeat(Heap& heap, const List* l, int64_t times) {
    size_t size;
    if (!repeated_size(l->size, times, size)) return nullptr;
    List* r = make_list(heap, size);
    if (!r || size == 0) return r;
    copy(r->items->items, l->items->items, l->size);
    repeat_items(r->items->items, l->size, size);
    r->size = size;
    return r;
}

bool list_repeat_in_place(Heap& heap, List* l, int64_t times) {
    size_t size;
    if (!repeated_size(l->size, times, size)) return false;
    if (size == 0) {
        list_clear(heap, l);
        return true;
    }
    if (!list_grow(heap, l, size)) return false;
    repeat_items(l->items->items, l->size, size);
    l->size = size;
    heap.write(l->items);
    return true;
}

void list_reverse(Heap& heap, List* l) {
    std::reverse(l->items->items, l->items->items + l->size);
    heap.write(l->items);
}

SliceBounds slice_bounds(size_t length, const int64_t* start, const int64_t* stop, int64_t step) {
    if (step < -INT64_MAX) step = -INT64_MAX;
    auto n = int64_t(length);
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? n - 1 : n;
    auto bound = [&](const int64_t* given, int64_t otherwise) {
        if (!given) return otherwise;
        int64_t b = *given < 0 ? *given + n : *given;  // n > 0 or *given < 0: no overflow
        return std::clamp(b, low, high);
    };
    if (high < low) high = low;
    SliceBounds r{bound(start, step < 0 ? high : low), bound(stop, step < 0 ? low : high), step, 0};
    if (step > 0 && r.start < r.stop) r.count = size_t((r.stop - r.start - 1) / step + 1);
    if (step < 0 && r.stop < r.start) r.count = size_t((r.start - r.stop - 1) / -step + 1);
    return r;
}

// ---- bytes

Bytes* make_bytes_uninitialized(Heap& heap, size_t size, uint32_t shape, size_t slots) {
    if (size > kMaxItems) return nullptr;
    size_t bytes = (sizeof(Bytes) + size + 8) & ~size_t{7};  // a NUL follows
    auto* b = heap.make<Bytes>(Kind::Bytes, shape, bytes + slots * sizeof(Value));
    if (!b) return nullptr;
    b->hash = 0;
    b->size = size;
    b->data[size] = 0;
    clear(bytes_slots(b), slots);
    return b;
}

Bytes* make_bytes(Heap& heap, const void* data, size_t size) {
    Bytes* b = make_bytes_uninitialized(heap, size);
    if (b && size) std::memcpy(b->data, data, size);
    return b;
}

ByteArray* make_bytearray(Heap& heap, const void* data, size_t size, uint32_t shape, size_t slots) {
    Blob* buffer = nullptr;
    if (size) {
        buffer = make_blob(heap, size);
        if (!buffer) return nullptr;
        if (data)
            std::memcpy(buffer->data, data, size);
        else
            std::memset(buffer->data, 0, size);
    }
    auto* b = heap.make<ByteArray>(Kind::ByteArray, shape, sizeof(ByteArray) + slots * sizeof(Value));
    if (!b) return nullptr;
    b->buffer = buffer;
    b->size = size;
    b->exports = 0;
    clear(reinterpret_cast<Value*>(b + 1), slots);
    return b;
}

bool bytearray_resize(Heap& heap, ByteArray* b, size_t size) {
    size_t capacity = b->buffer ? b->buffer->size : 0;
    if (size > capacity || size < capacity / 4) {
        Blob* buffer = size ? make_blob(heap, size > capacity ? roomy(size) : size) : nullptr;
        if (size && !buffer) {
            if (size > capacity) return false;
        } else {
            if (size && b->size) std::memcpy(buffer->data, b->buffer->data, std::min<size_t>(b->size, size));
            b->buffer = buffer;
            heap.write(b);
        }
    }
    if (size > b->size) std::memset(b->buffer->data + b->size, 0, size - b->size);
    b->size = size;
    return true;
}

bool bytearray_replace(Heap& heap, ByteArray* b, size_t from, size_t count, const void* data, size_t n) {
    auto* source = static_cast<const uint8_t*>(data);
    if (n && b->buffer && source >= b->buffer->data && source < b->buffer->data + b->buffer->size) {
        Blob* copied = make_blob(heap, n);
        if (!copied) return false;
        std::memcpy(copied->data, source, n);
        source = copied->data;
    }
    size_t old = b->size, size = old - count + n, rest = old - from - count;
    if (n > count && !bytearray_resize(heap, b, size)) return false;
    if (rest) std::memmove(b->buffer->data + from + n, b->buffer->data + from + count, rest);
    if (n) std::memcpy(b->buffer->data + from, source, n);
    return n >= count || bytearray_resize(heap, b, size);
}

}  // namespace gen
