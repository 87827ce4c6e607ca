// What a class's own body says about the room its instances need: __slots__, and the attributes that __init__ sets.
#include "vm/exec/class_parts.h"
#include "vm/exec/exec.h"

#include <algorithm>

namespace gen {

constexpr uint8_t kWeakrefSlot = 1;  // Object::aux of a Class: its own __slots__ have __weakref__

// Instances of these are followed by their items, in CPython, and have no room for more.
static bool varies_in_size(Kind kind) {
    return kind == Kind::Int || kind == Kind::Tuple || kind == Kind::Bytes;
}

bool takes_weakrefs(const Class* cls) {
    if (varies_in_size(cls->instance_kind)) return false;
    for (; cls && (cls->class_flags & Class::kHeapType); cls = cls->base)
        if (cls->slot_names.is_unbound() || cls->aux & kWeakrefSlot) return true;
    return cls && cls->instance_kind == Kind::Set;
}

bool define_slots(VM& vm, Class* cls, Value slots, Dict* namespace_) {
    std::vector<Value> names;
    if (is_str(slots))
        names.push_back(slots);
    else if (is_tuple(slots))
        names.assign(slots.as<Tuple>()->items, slots.as<Tuple>()->items + slots.as<Tuple>()->size);
    else if (is_list(slots))
        names.assign(slots.as<List>()->items->items, slots.as<List>()->items->items + slots.as<List>()->size);
    else if (is_dict(slots)) {
        uint32_t position = 0;
        while (DictEntry* e = next_entry(slots.as<Dict>(), position)) names.push_back(e->key);
    }
    if (!names.empty() && (varies_in_size(cls->instance_kind) || cls->instance_kind == Kind::Class)) {
        vm.type_error("nonempty __slots__ not supported for subtype of '%s'",
                      std::string(vm.class_name(cls->base)).c_str());
        return false;
    }
    std::vector<Value> own;
    bool own_dict = false;
    for (Value v : names) {
        if (!is_str(v)) {
            vm.type_error("__slots__ items must be strings, not '%s'", vm.type_name(v));
            return false;
        }
        std::string_view text = v.as<Str>()->view();
        if (text == "__dict__") {
            if (own_dict || cls->base->class_flags & Class::kHasDict) {
                vm.type_error("__dict__ slot disallowed: we already got one");
                return false;
            }
            own_dict = true;
            cls->class_flags |= Class::kHasDict;
            continue;
        }
        if (text == "__weakref__") {
            if (cls->aux & kWeakrefSlot || varies_in_size(cls->instance_kind) || takes_weakrefs(cls->base)) {
                vm.type_error("__weakref__ slot disallowed: either we already got one, or __itemsize__ != 0");
                return false;
            }
            cls->aux |= kWeakrefSlot;
            continue;
        }
        std::string mangled(text);
        if (text.starts_with("__") && !text.ends_with("__")) {
            std::string_view owner = vm.class_name(cls);
            owner.remove_prefix(std::min(owner.find_first_not_of('_'), owner.size()));
            if (!owner.empty()) mangled = "_" + std::string(owner) + mangled;
        }
        bool identifier = !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
                          std::all_of(text.begin(), text.end(), [](unsigned char c) {
                              return c == '_' || c >= 128 || std::isalnum(c);
                          });
        if (!identifier) {
            vm.type_error("__slots__ must be identifiers");
            return false;
        }
        Str* name = vm.intern(mangled);
        if (!vm.get(namespace_, name).is_unbound()) {
            vm.value_error("'%s' in __slots__ conflicts with class variable", name->data());
            return false;
        }
        auto* member = vm.heap.make<Member>(Kind::Member, kShapeMemberDescriptor);
        member->name = Value::object(name);
        member->owner = Value::object(cls);
        member->def = nullptr;
        set_class_attribute(vm, cls, name, Value::object(member));
        own.push_back(Value::object(name));
    }
    // In order: classes whose slots have the same names are laid out alike.
    std::sort(own.begin(), own.end(),
              [](Value a, Value b) { return a.as<Str>()->view() < b.as<Str>()->view(); });
    for (uint64_t i = 0; i < cls->bases->size;
         i++)  // a base that is not the first may give room for them, too
        if (takes_weakrefs(cls->bases->items[i].as<Class>()) && !varies_in_size(cls->instance_kind))
            cls->aux |= kWeakrefSlot;
    if (cls->base->inline_slots + own.size() > UINT16_MAX) {
        vm.type_error("too many __slots__");
        return false;
    }
    Tuple* t = make_tuple(vm.heap, own.data(), own.size());
    cls->slot_names = Value::object(t);
    cls->inline_slots = uint16_t(cls->base->inline_slots + own.size());
    return true;
}

uint32_t attributes_of_init(VM& vm, Dict* namespace_) {
    Value init = vm.get(namespace_, vm.names.special[int(Special::Init)]);
    if (!init.is_object() || init.as_object()->kind != Kind::Function) return 0;
    return init.as<Function>()->code->self_attributes;
}

}  // namespace gen
