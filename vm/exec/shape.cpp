#include "vm/exec/shape.h"

#include "vm/exec/vm.h"
#include "vm/sched/lock.h"

#include <algorithm>

namespace gen {

int Shape::find(const Str* wanted) const {
    if (slots <= 8) {
        for (const Shape* s = this; s->name; s = s->parent)
            if (s->name == wanted) return int(s->slots) - 1;
        return kAbsent;
    }
    if (table_.empty()) {
        for (const Shape* s = this; s->name; s = s->parent) table_.push_back({s->name, int(s->slots) - 1});
        std::sort(table_.begin(), table_.end());
    }
    auto it = std::lower_bound(table_.begin(), table_.end(), std::pair{wanted, 0});
    return it != table_.end() && it->first == wanted ? it->second : kAbsent;
}

Shape& Shapes::add(Class* cls) {
    uint32_t number;
    if (free_.empty()) {
        number = uint32_t(shapes_.size());
        shapes_.push_back(nullptr);
    } else {
        number = free_.back();
        free_.pop_back();
    }
    shapes_[number] = std::make_unique<Shape>();
    shapes_[number]->cls = cls;
    shapes_[number]->number = number;
    return *shapes_[number];
}

size_t layout_bytes(Kind kind, size_t payload) {
    auto rounded = [](size_t n) { return (n + 7) & ~size_t{7}; };
    switch (kind) {
        case Kind::Instance:
            return sizeof(Object);
        case Kind::Exception:
            return sizeof(Object) + 5 * sizeof(Value);  // up to `extra`
        case Kind::Module:
            return sizeof(Object) + 2 * sizeof(Value);  // up to `extra`
        case Kind::Str:
            return rounded(sizeof(Str) + payload);
        case Kind::Bytes:
            return rounded(sizeof(Bytes) + payload);
        case Kind::Tuple:
            return sizeof(Tuple) + payload;
        case Kind::Int:
            return sizeof(Int) + payload;
        case Kind::Float:
            return sizeof(Float);
        case Kind::Complex:
            return sizeof(Complex);
        case Kind::List:
            return sizeof(List);
        case Kind::Dict:
            return sizeof(Dict);
        case Kind::Set:
            return sizeof(Set);
        case Kind::ByteArray:
            return sizeof(ByteArray);
        case Kind::Class:
            return sizeof(Class);
        case Kind::Property:
            return sizeof(Property);
        case Kind::ClassMethod:
            return sizeof(ClassMethod);
        case Kind::StaticMethod:
            return sizeof(StaticMethod);
        case Kind::Super:
            return sizeof(Super);
        case Kind::WeakRef:
            return sizeof(WeakRef);
        case Kind::Iterator:
            return sizeof(Iterator);
        case Kind::GenericAlias:
            return sizeof(GenericAlias);
        case Kind::Record:
            return sizeof(Record);
        case Kind::SmallRecord:
            return sizeof(SmallRecord);
        case Kind::MediumRecord:
            return sizeof(MediumRecord);
        case Kind::LargeRecord:
            return sizeof(LargeRecord);
        case Kind::Lock:
            return sizeof(Lock);
        default:
            return sizeof(Object);
    }
}

static bool varies(Kind kind) {
    return kind == Kind::Str || kind == Kind::Bytes || kind == Kind::Tuple || kind == Kind::Int;
}

Shape& Shapes::make_root(Class* cls, uint32_t inline_slots, bool has_slots) {
    Shape& s = add(cls);
    s.inline_slots = inline_slots;
    s.offset = !has_slots                   ? Shape::kNoSlots
               : varies(cls->instance_kind) ? 0
                                            : uint32_t(layout_bytes(cls->instance_kind, 0));
    return s;
}

Shape& Shapes::builtin_root(Class* cls, uint32_t number, bool has_slots, uint32_t inline_slots) {
    while (shapes_.size() < kBuiltinShapes) shapes_.push_back(nullptr);
    shapes_[number] = std::make_unique<Shape>();
    Shape& s = *shapes_[number];
    s.cls = cls;
    s.number = number;
    s.inline_slots = inline_slots;
    s.offset = has_slots ? uint32_t(layout_bytes(cls->instance_kind, 0)) : Shape::kNoSlots;
    return s;
}

Shape* Shapes::child(Shape& from, Str* name) {
    for (auto& [n, s] : from.children)
        if (n == name) return s;
    if (from.slots >= Shape::kMaxSlots || from.children.size() >= Shape::kMaxChildren) return nullptr;
    Shape* root = &from;
    while (root->parent) root = root->parent;
    if (root->family >= Shape::kMaxFamily) return nullptr;
    root->family++;
    Shape& s = add(from.cls);
    s.parent = &from;
    s.name = name;
    s.slots = from.slots + 1;
    s.inline_slots = from.inline_slots;
    s.offset = from.offset;
    from.children.push_back({name, &s});
    return &s;
}

Shape& Shapes::dictionary(Shape& of) {
    Shape* root = &of;
    while (root->parent) root = root->parent;
    if (!root->dictionary_shape) {
        Shape& s = add(of.cls);
        s.inline_slots = of.inline_slots;
        s.offset = of.offset;
        s.dictionary = true;
        root->dictionary_shape = &s;
    }
    return *root->dictionary_shape;
}

void Shapes::trace(Marker& m) const {
    for (auto& s : shapes_)
        if (s && s->name) m.mark(s->name);
}

Value* slots_of(const Shape& shape, Object* o) {
    if (shape.offset) return reinterpret_cast<Value*>(reinterpret_cast<char*>(o) + shape.offset);
    size_t payload = 0;
    switch (o->kind) {
        case Kind::Str:
            payload = static_cast<Str*>(o)->size + 1;
            break;
        case Kind::Bytes:
            payload = static_cast<Bytes*>(o)->size + 1;
            break;
        case Kind::Tuple:
            payload = 8 * static_cast<Tuple*>(o)->size;
            break;
        case Kind::Int:
            payload = 8 * size_t(std::abs(static_cast<Int*>(o)->size));
            break;
        default:
            break;
    }
    return reinterpret_cast<Value*>(reinterpret_cast<char*>(o) + layout_bytes(o->kind, payload));
}

Object* make_instance(VM& vm, const Class* cls) {
    const Shape& shape = vm.shapes[cls->root_shape];
    const size_t values = shape.offset == Shape::kNoSlots ? 0 : 1 + size_t(shape.inline_slots);
    auto* o = vm.heap.make<Object>(Kind::Instance, cls->root_shape, sizeof(Object) + values * sizeof(Value));
    if (!o) return nullptr;
    auto* words = reinterpret_cast<uint64_t*>(o + 1);
    for (size_t i = 0; i < values; i++) words[i] = 0;
    if (!cls->specials[int(Special::Del)].is_unbound()) [[unlikely]]
        vm.register_finalizer(o);
    return o;
}

Object* allocate_instance(VM& vm, Class* cls, size_t payload) {
    const Shape& shape = vm.shapes[cls->root_shape];
    size_t layout = layout_bytes(cls->instance_kind, payload);
    size_t bytes = layout + (shape.offset == Shape::kNoSlots ? 0 : 8 * (1 + size_t(shape.inline_slots)));
    auto* o = vm.heap.make<Object>(cls->instance_kind, cls->root_shape, bytes);
    if (!o) return nullptr;
    std::memset(static_cast<void*>(o + 1), 0, bytes - sizeof(Object));
    switch (cls->instance_kind) {
        case Kind::Str:
            static_cast<Str*>(o)->size = uint32_t(payload ? payload - 1 : 0);
            break;
        case Kind::Bytes:
            static_cast<Bytes*>(o)->size = payload ? payload - 1 : 0;
            break;
        case Kind::Tuple:
            static_cast<Tuple*>(o)->size = payload / 8;
            break;
        case Kind::Int:
            static_cast<Int*>(o)->size = int64_t(payload / 8);
            break;
        case Kind::List:
            static_cast<List*>(o)->items = vm.empty_array;
            break;
        case Kind::Dict:
            static_cast<Dict*>(o)->table = make_table(vm.heap, 0);
            break;
        case Kind::Set:
            static_cast<Set*>(o)->table = make_table(vm.heap, 0);
            break;
        case Kind::Exception: {
            auto* e = static_cast<Exception*>(o);
            e->args = Value::object(vm.empty_tuple);
            e->cause = e->context = e->traceback = Value::none();
            break;
        }
        default:
            break;
    }
    if (!cls->specials[int(Special::Del)].is_unbound()) vm.register_finalizer(o);
    return o;
}

}  // namespace gen
