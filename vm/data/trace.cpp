// What the collector follows in each kind of object.
#include "vm/data/string.h"

#include <algorithm>

namespace gen {

namespace {

constexpr int kNone = 0, kCustom = -1, kExternal = -2;
constexpr int kLeadingValues[] = {
#define KIND(name, values) values,
#include "vm/data/kinds.def"
#undef KIND
};

void trace_leading(Heap&, Marker& m, Object* o) {
    m.mark(reinterpret_cast<Value*>(o + 1), size_t(kLeadingValues[int(o->kind)]));
}

void trace_tuple(Heap&, Marker& m, Object* o) {
    auto* t = static_cast<Tuple*>(o);
    m.mark(t->items, t->size);
}

void trace_array(Heap&, Marker& m, Object* o) {
    auto* a = static_cast<Array*>(o);
    m.mark(a->items, a->capacity);
}

void trace_table(Heap&, Marker& m, Object* o) {
    auto* t = static_cast<DictTable*>(o);
    for (uint32_t i = 0; i < t->used; i++) {
        m.mark(t->entries[i].key);
        m.mark(t->entries[i].value);
    }
}

void trace_str(Heap&, Marker& m, Object* o) { mark_text(m, static_cast<Str*>(o)); }

void trace_function(Heap&, Marker& m, Object* o) {
    auto* f = static_cast<Function*>(o);
    m.mark(reinterpret_cast<Object*>(f->code));
    m.mark(static_cast<Object*>(f->globals));
    m.mark(&f->builtins, size_t(&f->dict - &f->builtins) + 1);
}

void trace_class(Heap&, Marker& m, Object* o) {
    auto* c = static_cast<Class*>(o);
    m.mark(&c->name, 4);
    m.mark(c->attributes);
    m.mark(c->bases);
    m.mark(c->mro);
    m.mark(c->base);
    m.mark(c->subclasses);
    m.mark(c->slot_names);
    m.mark(c->extra);
    m.mark(c->specials, size_t(Special::kCount));
}

void trace_traceback(Heap&, Marker& m, Object* o) {
    auto* t = static_cast<Traceback*>(o);
    m.mark(t->next);
    m.mark(reinterpret_cast<Object*>(t->code));
    m.mark(t->function);
    m.mark(t->locals);
}

void trace_weakref(Heap&, Marker& m, Object* o) { m.mark(static_cast<WeakRef*>(o)->callback); }

}  // namespace

// Of an Array or a DictTable, the slots that overlap [from, to).
void trace_part(Marker& m, const Object* o, const void* from, const void* to) {
    // The slots of `size` bytes from `first` on, `count` in all: which are the ones?
    auto part = [&](const void* first, size_t count, size_t size, size_t& begin, size_t& end) {
        auto offset = [&](const void* at) {
            return std::max<ptrdiff_t>(static_cast<const char*>(at) - static_cast<const char*>(first), 0);
        };
        begin = std::min(size_t(offset(from)) / size, count);
        end = std::min((size_t(offset(to)) + size - 1) / size, count);
    };
    size_t begin, end;
    if (o->kind == Kind::Array) {
        auto* a = static_cast<const Array*>(o);
        part(a->items, a->capacity, sizeof(Value), begin, end);
        m.mark(a->items + begin, end - begin);
    } else {
        auto* t = static_cast<const DictTable*>(o);
        part(t->entries, t->used, sizeof(DictEntry), begin, end);
        for (size_t i = begin; i < end; i++) {
            m.mark(t->entries[i].key);
            m.mark(t->entries[i].value);
        }
    }
}

// Attributes of instances (`extra` and slots behind the layout proper) are traced by the shape: see Shapes::install.
void install_data_tracers(Heap& heap) {
    for (int k = 0; k < int(Kind::kCount); k++)
        heap.set_tracer(Kind(k), kLeadingValues[k] > 0 ? trace_leading : nullptr);
    heap.set_tracer(Kind::Tuple, trace_tuple);
    heap.set_tracer(Kind::Array, trace_array);
    heap.set_tracer(Kind::DictTable, trace_table);
    heap.set_tracer(Kind::Str, trace_str);
    heap.set_tracer(Kind::Function, trace_function);
    heap.set_tracer(Kind::Class, trace_class);
    heap.set_tracer(Kind::Traceback, trace_traceback);
    heap.set_tracer(Kind::WeakRef, trace_weakref);
}

}  // namespace gen
