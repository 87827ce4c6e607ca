// The attributes of instances: slots by shape, or a dictionary.
#include "vm/exec/ops.h"

namespace gen {

namespace {

void trace_slots(Heap& heap, Marker& m, Object* o) {
    auto& vm = *static_cast<VM*>(heap.owner);
    const Shape& shape = vm.shapes[o->shape];
    m.mark(shape.cls);
    if (shape.offset == Shape::kNoSlots) return;
    Value* extra = slots_of(shape, o);
    m.mark(extra, 1 + (shape.dictionary ? shape.inline_slots : std::min(shape.slots, shape.inline_slots)));
}

void trace_instance(Heap& heap, Marker& m, Object* o) { trace_slots(heap, m, o); }

void trace_exception(Heap& heap, Marker& m, Object* o) {
    m.mark(reinterpret_cast<Value*>(o + 1), 5);
    trace_slots(heap, m, o);
}

void trace_items(Heap& heap, Marker& m, Object* o) {
    auto* t = static_cast<Tuple*>(o);
    m.mark(t->items, t->size);
    if (o->shape >= kBuiltinShapes) trace_slots(heap, m, o);
}

template <int n>
void trace_fixed(Heap& heap, Marker& m, Object* o) {
    m.mark(reinterpret_cast<Value*>(o + 1), n);
    if (o->shape >= kBuiltinShapes) trace_slots(heap, m, o);
}

void trace_wrapper(Heap& heap, Marker& m, Object* o) {
    m.mark(static_cast<ClassMethod*>(o)->function);
    trace_slots(heap, m, o);
}

void trace_str(Heap& heap, Marker& m, Object* o) {
    mark_text(m, static_cast<Str*>(o));
    if (o->shape >= kBuiltinShapes) trace_slots(heap, m, o);
}

// Classes and weak references have tracers of their own, which the slots come behind.
Heap::Tracer class_tracer_of(Heap& heap) { return static_cast<VM*>(heap.owner)->class_tracer; }

void trace_class_with_slots(Heap& heap, Marker& m, Object* o) {
    class_tracer_of(heap)(heap, m, o);
    trace_slots(heap, m, o);
}

void trace_weakref(Heap& heap, Marker& m, Object* o) {
    m.mark(static_cast<WeakRef*>(o)->callback);
    if (o->shape >= kBuiltinShapes) trace_slots(heap, m, o);
}

}  // namespace

void install_slot_tracers(VM& vm) {
    Heap& heap = vm.heap;
    vm.class_tracer = heap.tracer(Kind::Class);
    heap.set_tracer(Kind::Instance, trace_instance);
    heap.set_tracer(Kind::Exception, trace_exception);
    heap.set_tracer(Kind::Tuple, trace_items);
    heap.set_tracer(Kind::Str, trace_str);
    heap.set_tracer(Kind::Class, trace_class_with_slots);
    heap.set_tracer(Kind::WeakRef, trace_weakref);
    for (Kind k : {Kind::Bytes, Kind::Int, Kind::Float, Kind::Complex}) heap.set_tracer(k, trace_fixed<0>);
    heap.set_tracer(Kind::GenericAlias, trace_fixed<3>);
    for (Kind k : {Kind::List, Kind::Dict, Kind::Set, Kind::ByteArray}) heap.set_tracer(k, trace_fixed<1>);
    for (Kind k : {Kind::ClassMethod, Kind::StaticMethod}) heap.set_tracer(k, trace_wrapper);
    heap.set_tracer(Kind::Super, trace_fixed<3>);
    heap.set_tracer(Kind::Module, trace_fixed<3>);
    heap.set_tracer(Kind::Property, trace_fixed<5>);
    heap.set_tracer(Kind::Lock, trace_fixed<0>);
    heap.set_tracer(Kind::Iterator, trace_fixed<2>);
    heap.set_tracer(Kind::Record, trace_fixed<6>);
    heap.set_tracer(Kind::SmallRecord, trace_fixed<4>);
    heap.set_tracer(Kind::MediumRecord, trace_fixed<10>);
    heap.set_tracer(Kind::LargeRecord, trace_fixed<14>);
}

// ---- access

static Value* place_of(const Shape& shape, Object* o, int slot) {
    Value* extra = slots_of(shape, o);
    if (uint32_t(slot) < shape.inline_slots) return extra + 1 + slot;
    return &extra->as<Array>()->items[uint32_t(slot) - shape.inline_slots];
}

// In dictionary mode what `__slots__` names stays in the object, so that it does not show in __dict__: its place is the
// position of the name among all slots of the class and its bases. Null: no slot.
static Value* slot_beside_dictionary(const Shape& shape, Object* o, const Str* name) {
    const Tuple* mro = shape.cls->mro;
    uint32_t at = 0;
    for (uint64_t i = 0; i < mro->size; i++) {
        Value names = mro->items[i].as<Class>()->slot_names;
        if (!names.is_object()) continue;
        const Tuple* t = names.as<Tuple>();
        for (uint64_t j = 0; j < t->size; j++, at++)
            if (t->items[j].as<Str>() == name)
                return at < shape.inline_slots ? slots_of(shape, o) + 1 + at : nullptr;
    }
    return nullptr;
}

Value get_instance_attribute(VM& vm, Object* o, Str* name) {
    const Shape& shape = vm.shapes[o->shape];
    if (o->kind == Kind::Module) return vm.get(static_cast<Module*>(o)->dict, name);
    if (shape.offset == Shape::kNoSlots) {
        if (o->kind == Kind::Function && static_cast<Function*>(o)->dict.is_object())
            return vm.get(static_cast<Function*>(o)->dict.as<Dict>(), name);
        return Value::unbound();
    }
    if (shape.dictionary) {
        Value* slot = slot_beside_dictionary(shape, o, name);
        return slot ? *slot : vm.get(slots_of(shape, o)->as<Dict>(), name);
    }
    int slot = shape.find(name);
    return slot < 0 ? Value::unbound() : *place_of(shape, o, slot);
}

// Moves the attributes into a Dict, but for those of `__slots__`.
static bool become_dictionary(VM& vm, Object* o) {
    Shape& shape = vm.shapes[o->shape];
    Dict* d = vm.dict();
    std::vector<const Shape*> chain;
    for (const Shape* s = &shape; s->name; s = s->parent) chain.push_back(s);
    std::vector<std::pair<Value*, Value>> kept;
    for (size_t i = chain.size(); i-- > 0;) {
        Value v = *place_of(shape, o, int(chain[i]->slots) - 1);
        if (v.is_unbound()) continue;
        if (Value* slot = slot_beside_dictionary(shape, o, chain[i]->name))
            kept.push_back({slot, v});
        else if (!vm.set(d, chain[i]->name, v))
            return false;
    }
    Shape& target = vm.shapes.dictionary(shape);
    Value* extra = slots_of(shape, o);
    for (uint32_t i = 0; i < shape.inline_slots; i++) extra[1 + i] = Value::unbound();
    for (auto [slot, v] : kept) *slot = v;
    *extra = Value::object(d);
    o->shape = target.number;
    vm.heap.write(o);
    return true;
}

bool set_instance_attribute(VM& vm, Object* o, Str* name, Value v) {
    Shape* shape = &vm.shapes[o->shape];
    if (o->kind == Kind::Module) return vm.set(static_cast<Module*>(o)->dict, name, v);
    if (shape->offset == Shape::kNoSlots) {
        if (o->kind != Kind::Function) return false;
        auto* f = static_cast<Function*>(o);
        if (f->dict.is_unbound()) {
            f->dict = Value::object(vm.dict());
            vm.heap.write(f);
        }
        return vm.set(f->dict.as<Dict>(), name, v);
    }
    if (!shape->dictionary) {
        int slot = shape->find(name);
        if (slot >= 0) {
            *place_of(*shape, o, slot) = v;
            vm.heap.write(o);
            if (uint32_t(slot) >= shape->inline_slots) vm.heap.write(slots_of(*shape, o)->as_object());
            return true;
        }
        Shape* child = vm.shapes.child(*shape, name);
        if (child) {
            Value* extra = slots_of(*shape, o);
            slot = int(child->slots) - 1;
            if (uint32_t(slot) >= shape->inline_slots) {
                uint32_t over = uint32_t(slot) - shape->inline_slots;
                if (!extra->is_object() || extra->as<Array>()->capacity <= over) {
                    Array* bigger = make_array(vm.heap, over ? over * 2 : 4);
                    if (!bigger) return false;
                    if (extra->is_object())
                        for (uint32_t i = 0; i < over; i++) bigger->items[i] = extra->as<Array>()->items[i];
                    *extra = Value::object(bigger);
                    vm.heap.write(o);
                }
                // The next instances of the class get room for what this one needed.
                Class* cls = shape->cls;
                if (child->slots > cls->inline_slots && child->slots <= 64 &&
                    (cls->class_flags & Class::kHeapType)) {
                    cls->inline_slots = uint16_t((child->slots + 4) & ~3u);
                    make_root_shape(vm, cls);
                }
            }
            o->shape = child->number;
            *place_of(*child, o, slot) = v;
            vm.heap.write(o);
            if (uint32_t(slot) >= shape->inline_slots) vm.heap.write(extra->as_object());
            return true;
        }
        if (!become_dictionary(vm, o)) return false;
        shape = &vm.shapes[o->shape];
    }
    if (Value* slot = slot_beside_dictionary(*shape, o, name)) {
        *slot = v;
        vm.heap.write(o);
        return true;
    }
    return vm.set(slots_of(*shape, o)->as<Dict>(), name, v);
}

bool delete_instance_attribute(VM& vm, Object* o, Str* name) {
    const Shape* shape = &vm.shapes[o->shape];
    if (get_instance_attribute(vm, o, name).is_unbound()) return false;
    if (o->kind == Kind::Module)
        return dict_delete_str(vm.heap, static_cast<Module*>(o)->dict, name, hash_str(vm.hash_key, name));
    if (shape->offset == Shape::kNoSlots)
        return dict_delete_str(vm.heap, static_cast<Function*>(o)->dict.as<Dict>(), name,
                               hash_str(vm.hash_key, name));
    if (!shape->dictionary) {
        // The last one: back to the parent. Else the order of the others would be lost with the shape.
        if (shape->name == name) {
            *place_of(*shape, o, int(shape->slots) - 1) = Value::unbound();
            o->shape = shape->parent->number;
            return true;
        }
        if (!become_dictionary(vm, o)) return false;
        shape = &vm.shapes[o->shape];
    }
    if (Value* slot = slot_beside_dictionary(*shape, o, name)) {
        *slot = Value::unbound();
        return true;
    }
    return dict_delete_str(vm.heap, slots_of(*shape, o)->as<Dict>(), name, hash_str(vm.hash_key, name));
}

Dict* instance_dict(VM& vm, Object* o) {
    if (o->kind == Kind::Module) return static_cast<Module*>(o)->dict;
    const Shape& shape = vm.shapes[o->shape];
    if (o->kind == Kind::Function) {
        auto* f = static_cast<Function*>(o);
        if (f->dict.is_unbound()) {
            f->dict = Value::object(vm.dict());
            vm.heap.write(f);
        }
        return f->dict.as<Dict>();
    }
    if (shape.offset == Shape::kNoSlots || !(shape.cls->class_flags & Class::kHasDict)) return nullptr;
    if (!shape.dictionary && !become_dictionary(vm, o)) return nullptr;
    return slots_of(vm.shapes[o->shape], o)->as<Dict>();
}

bool replace_instance_dict(VM& vm, Object* o, Dict* d) {
    if (o->kind == Kind::Function) {
        static_cast<Function*>(o)->dict = Value::object(d);
        vm.heap.write(o);
        return true;
    }
    if (!instance_dict(vm, o)) return false;
    *slots_of(vm.shapes[o->shape], o) = Value::object(d);
    vm.heap.write(o);
    return true;
}

}  // namespace gen
