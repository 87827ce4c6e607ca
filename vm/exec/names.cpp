// Global, built-in and mapped names, and imports.
#include "vm/exec/exec.h"

namespace gen {

namespace {

constexpr int kIndexBits = 20;

Outcome not_defined(VM& vm, Str* name) { return vm.raise_name_error(name); }

Outcome global_or_builtin(VM& vm, Frame* fr, Str* name) {
    Value v = vm.get(fr->fn()->globals, name);
    if (v.is_unbound()) v = vm.get(fr->fn()->builtins.as<Dict>(), name);
    return v.is_unbound() ? not_defined(vm, name) : Outcome(v);
}

}  // namespace

Outcome load_global_miss(VM& vm, Frame* fr, Instruction* pc) {
    Str* name = fr->code()->constants->items[pc->d()].as<Str>();
    Dict* globals = fr->fn()->globals;
    Dict* builtins = fr->fn()->builtins.as<Dict>();
    uint64_t hash = hash_str(vm.hash_key, name);
    auto index_of = [](Dict* d, DictEntry* e) { return uint64_t(e - d->table->entries); };
    if (DictEntry* e = dict_get_str(globals, name, hash)) {
        pc[1].bits = globals->version;
        pc[2].bits = reinterpret_cast<uint64_t>(
            &e->value);  // entries stay where they are while the version is the same
        *reinterpret_cast<uint8_t*>(pc) = uint8_t(Op::LOAD_GLOBAL_HIT);
        return e->value;
    }
    if (DictEntry* e = dict_get_str(builtins, name, hash)) {
        if (uint64_t i = index_of(builtins, e); i >> kIndexBits == 0) {
            pc[1].bits = globals->version << kIndexBits;
            pc[2].bits = builtins->version << kIndexBits | i;
            *reinterpret_cast<uint8_t*>(pc) = uint8_t(Op::LOAD_BUILTIN_HIT);
        }
        return e->value;
    }
    if (globals == vm.prelude) {
        Value v = vm.prelude_value(name);
        if (!v.is_unbound()) return v;
        if (vm.exception.is_object()) return Outcome::raised();
    }
    return not_defined(vm, name);
}

bool store_global_miss(VM& vm, Frame* fr, Instruction* pc, Value value) {
    Str* name = fr->code()->constants->items[pc->d()].as<Str>();
    Dict* globals = fr->fn()->globals;
    const uint64_t hash = hash_str(vm.hash_key, name);
    DictEntry* e = dict_get_str(globals, name, hash);
    if (!e) return dict_insert_new(vm.heap, globals, Value::object(name), hash, value);
    e->value = value;
    vm.heap.write(globals->table, &e->value);
    pc[1].bits = globals->version;
    pc[2].bits = reinterpret_cast<uint64_t>(&e->value);
    *reinterpret_cast<uint8_t*>(pc) = uint8_t(Op::STORE_GLOBAL_HIT);
    return true;
}

Outcome load_name(VM& vm, Frame* fr, Value mapping, Str* name) {
    if (is_exact_dict(mapping)) {
        Value v = vm.get(mapping.as<Dict>(), name);
        return v.is_unbound() ? global_or_builtin(vm, fr, name) : Outcome(v);
    }
    return vm.call_prelude(vm.names.load_mapped, {mapping, Value::object(name),
                                                  Value::object(fr->fn()->globals), fr->fn()->builtins});
}

Outcome load_class_free(VM& vm, Frame* fr, Value mapping, unsigned cell) {
    Str* name = fr->code()->free_names->items[cell].as<Str>();
    Value v = Value::unbound();
    if (is_exact_dict(mapping)) {
        v = vm.get(mapping.as<Dict>(), name);
        if (!v.is_unbound()) return v;
    }
    v = fr->fn()->closure.as<Tuple>()->items[cell].as<Cell>()->value;
    if (!is_exact_dict(mapping))
        return vm.call_prelude(vm.names.load_mapped_free,
                               {mapping, Value::object(name), v.is_unbound() ? vm.tuple({}) : vm.tuple({v})});
    if (v.is_unbound())
        return vm.raisef(
            kShapeNameError,
            "cannot access free variable '%s' where it is not associated with a value in enclosing scope",
            name->data());
    return v;
}

Outcome delete_name(VM& vm, Value mapping, Str* name) {
    if (is_exact_dict(mapping)) {
        if (!dict_delete_str(vm.heap, mapping.as<Dict>(), name, hash_str(vm.hash_key, name)))
            return not_defined(vm, name);
        return Value::none();
    }
    return vm.call_prelude(vm.names.delete_mapped, {mapping, Value::object(name)});
}

Outcome import_name(VM& vm, Frame* fr, Str* name, Value fromlist, unsigned level) {
    Value import = vm.get(fr->fn()->builtins.as<Dict>(), vm.names.import_);
    if (import.is_unbound()) return vm.raise(kShapeImportError, "__import__ not found");
    return vm.call(import, {Value::object(name), Value::object(fr->fn()->globals), Value::none(), fromlist,
                            Value::integer(int64_t(level))});
}

Outcome import_from(VM& vm, Value module, Str* name) {
    if (module.is_object() && module.as_object()->shape == kShapeModule) {
        Value v = vm.get(module.as<Module>()->dict, name);
        if (!v.is_unbound()) return v;
    }
    return vm.call_prelude(vm.names.import_from, {module, Value::object(name)});
}

}  // namespace gen
