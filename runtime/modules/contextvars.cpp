// contextvars: Context, ContextVar and Token.
#include "runtime/modules/contextvars.h"

#include "runtime/modules/modules.h"
#include "runtime/types/support.h"

namespace gen {

namespace {

struct ContextVar : Object {
    Value name;
    Value otherwise;  // default, or unbound
    Value rest[4];
};
struct ContextToken : Object {
    Value variable;
    Value old;  // or unbound: there was none
    Value context;
    Value rest[3];
    enum State : uint8_t { kUsed = 1 };
};
static_assert(sizeof(ContextVar) == sizeof(Record) && sizeof(ContextToken) == sizeof(Record));

bool is_variable(Value v) { return v.is_object() && v.as_object()->shape == kShapeContextVar; }

Value table_of(Value context) { return is_context(context) ? context.as<Context>()->table : context; }

// The value of a variable in a context or snapshot; unbound: none.
Value find(VM& vm, Value context, Value variable) {
    Value table = table_of(context);
    if (!table.is_object()) return Value::unbound();
    Outcome o = op_dict_get(vm, table.as<Dict>(), variable);
    return o.is_value() ? o.value() : Value::unbound();
}

// A table of the context's own. Null: out of memory.
Dict* own_table(VM& vm, Context* c) {
    if (c->table.is_object() && !(c->aux & Context::kShared)) return c->table.as<Dict>();
    Dict* d = c->table.is_object() ? dict_copy(vm.heap, c->table.as<Dict>()) : vm.dict();
    if (!d) return nullptr;
    c->table = Value::object(d);
    c->aux &= uint8_t(~Context::kShared);
    vm.heap.write(c);
    return d;
}

// ---- ContextVar

Outcome variable_new(VM& vm, Value* args) {  // cls, name, default
    if (!is_str(args[1])) return vm.type_error("context variable name must be a str");
    auto* v = vm.heap.make<ContextVar>(Kind::Record, kShapeContextVar);
    v->name = args[1];
    v->otherwise = args[2];
    for (Value& r : v->rest) r = Value::unbound();
    return Value::object(v);
}
Outcome variable_get(VM& vm, Value* args) {  // self, default
    Value v = find(vm, vm.fiber->context, args[0]);
    if (!v.is_unbound()) return v;
    if (!args[1].is_unbound()) return args[1];
    if (!args[0].as<ContextVar>()->otherwise.is_unbound()) return args[0].as<ContextVar>()->otherwise;
    return vm.raise(kShapeLookupError, {args[0]});
}
Outcome variable_set(VM& vm, Value* args) {  // self, value
    Context* c = current_context(vm);
    auto* t = vm.heap.make<ContextToken>(Kind::Record, kShapeContextToken);
    t->variable = args[0];
    t->old = find(vm, Value::object(c), args[0]);
    t->context = Value::object(c);
    for (Value& r : t->rest) r = Value::unbound();
    Dict* d = own_table(vm, c);
    if (!d) return vm.out_of_memory();
    Outcome o = op_dict_set(vm, d, args[0], args[1]);
    return o.is_value() ? Outcome(Value::object(t)) : o;
}
Outcome variable_reset(VM& vm, Value* args) {  // self, token
    if (!is_exact(args[1], kShapeContextToken))
        return vm.type_error("expected an instance of Token, got %s", vm.type_name(args[1]));
    auto* t = args[1].as<ContextToken>();
    if (t->state & ContextToken::kUsed)
        return raise_with_repr(vm, kShapeRuntimeError, "%R has already been used once", args[1]);
    if (!t->variable.is(args[0]))
        return raise_with_repr(vm, kShapeValueError, "%R was created by a different ContextVar", args[1]);
    if (!t->context.is(vm.fiber->context))
        return raise_with_repr(vm, kShapeValueError, "%R was created in a different Context", args[1]);
    t->state |= ContextToken::kUsed;
    Dict* d = own_table(vm, t->context.as<Context>());
    if (!d) return vm.out_of_memory();
    Outcome o = t->old.is_unbound() ? op_dict_del(vm, d, args[0]) : op_dict_set(vm, d, args[0], t->old);
    return o.is_value() || o.is_stop() ? Outcome(Value::none()) : o;
}
Outcome variable_repr_step(VM& vm, NativeFrame& frame) {  // self; 1 the name's repr
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_repr(vm, frame[0].as<ContextVar>()->name));
            frame[1] = frame.result();
            frame.result() = Value::unbound();
            if (!frame[0].as<ContextVar>()->otherwise.is_unbound()) {
                AWAIT(2, op_repr(vm, frame[0].as<ContextVar>()->otherwise));
            }
    }
    StringBuilder out(vm.heap);
    out.append("<ContextVar name=");
    out.append(frame[1].as<Str>());
    if (!frame[0].as<ContextVar>()->otherwise.is_unbound()) {
        out.append(" default=");
        out.append(frame.result().as<Str>());
    }
    out.append(" at ");
    append_address(vm, out, frame[0]);
    out.append('>');
    return finish(vm, out);
}
Outcome variable_name(VM&, Value self) { return self.as<ContextVar>()->name; }

// ---- Token

Outcome token_new(VM& vm, Value*) {
    return vm.raise(kShapeRuntimeError, "Tokens can only be created by ContextVars");
}
Outcome token_variable(VM&, Value self) { return self.as<ContextToken>()->variable; }
Outcome token_old_value(VM& vm, Value self) {
    Value v = self.as<ContextToken>()->old;
    return v.is_unbound() ? vm.lookup(vm.type(kShapeContextToken), vm.intern("MISSING")) : v;
}
Outcome token_repr_step(VM& vm, NativeFrame& frame) {
    switch (frame.step_state()) {
        case 0:
            AWAIT(1, op_repr(vm, frame[0].as<ContextToken>()->variable));
    }
    StringBuilder out(vm.heap);
    out.append(frame[0].as<ContextToken>()->state & ContextToken::kUsed ? "<Token used var=" : "<Token var=");
    out.append(frame.result().as<Str>());
    out.append(" at ");
    append_address(vm, out, frame[0]);
    out.append('>');
    return finish(vm, out);
}

// ---- Context

Outcome context_new(VM& vm, Value*) { return Value::object(context_of(vm, Value::none())); }
Outcome context_run_step(VM& vm, NativeFrame& frame) {  // self, args, kwargs; 3 callable, 4 previous context
    switch (frame.step_state()) {
        case 0:
            if (!frame[1].as<Tuple>()->size)
                return vm.type_error("run() missing 1 required positional argument");
            if (frame[0].as<Context>()->state & Context::kEntered) return raise_entered(vm, frame[0]);
            frame[3] = frame[1].as<Tuple>()->items[0];
            frame[1] = vm.checked_tuple(frame[1].as<Tuple>()->items + 1, frame[1].as<Tuple>()->size - 1);
            if (frame[1].is_none()) return vm.out_of_memory();
            frame[4] = vm.fiber->context;
            enter_context(vm, frame[0]);
            AWAIT_CATCHING(1, vm.call_with(frame[3], frame[1], frame[2]));
    }
    leave_context(vm, frame[4]);
    return frame.result().is_unbound() ? raise_again(vm, vm.caught) : Outcome(frame.result());
}
Outcome context_copy(VM& vm, Value* args) {
    Context* c = args[0].as<Context>();
    if (c->table.is_object()) c->aux |= Context::kShared;
    return Value::object(context_of(vm, c->table));
}
bool check_key(VM& vm, Value key, Outcome& failure) {
    if (is_variable(key)) return true;
    failure = raise_with_repr(vm, kShapeTypeError, "a ContextVar key was expected, got %R", key);
    return false;
}
Outcome context_getitem(VM& vm, Value* args) {
    Outcome failure = Value::none();
    if (!check_key(vm, args[1], failure)) return failure;
    Value v = find(vm, args[0], args[1]);
    return v.is_unbound() ? vm.key_error(args[1]) : Outcome(v);
}
Outcome context_contains(VM& vm, Value* args) {
    Outcome failure = Value::none();
    if (!check_key(vm, args[1], failure)) return failure;
    return Value::boolean(!find(vm, args[0], args[1]).is_unbound());
}
Outcome context_get(VM& vm, Value* args) {  // self, key, default
    Outcome failure = Value::none();
    if (!check_key(vm, args[1], failure)) return failure;
    Value v = find(vm, args[0], args[1]);
    return v.is_unbound() ? args[2].is_unbound() ? Value::none() : args[2] : v;
}
Outcome context_len(VM&, Value* args) {
    Value t = args[0].as<Context>()->table;
    return Value::integer(t.is_object() ? dict_length(t.as<Dict>()) : 0);
}
enum class Part { Keys, Values, Items };
Outcome iterate(VM& vm, Value self, Part part) {
    List* l = make_list(vm.heap);
    Value t = self.as<Context>()->table;
    uint32_t position = 0;
    while (DictEntry* e = t.is_object() ? next_entry(t.as<Dict>(), position) : nullptr) {
        Value v = part == Part::Keys     ? e->key
                  : part == Part::Values ? e->value
                                         : vm.tuple({e->key, e->value});
        if (!list_append(vm.heap, l, v)) return vm.out_of_memory();
    }
    return op_iter(vm, Value::object(l));
}
Outcome context_keys(VM& vm, Value* args) { return iterate(vm, args[0], Part::Keys); }
Outcome context_values(VM& vm, Value* args) { return iterate(vm, args[0], Part::Values); }
Outcome context_items(VM& vm, Value* args) { return iterate(vm, args[0], Part::Items); }
Outcome context_eq(VM& vm, Value* args) {
    if (!is_context(args[1])) return Value::not_implemented();
    auto table = [&](Value c) {
        return c.as<Context>()->table.is_object() ? c.as<Context>()->table : Value::object(vm.dict());
    };
    return op_compare(vm, CompareOp::Eq, table(args[0]), table(args[1]));
}

const NativeDef kVariableMethods[] = {
    {.signature = "__new__(cls, name, /, *, default=None)", .fn = variable_new, .flags = kStaticNative},
    {.signature = "get(self, default=None, /)",
     .fn = variable_get,
     .doc = "Return a value for the context variable for the current context."},
    {.signature = "set(self, value, /)",
     .fn = variable_set,
     .doc = "Call to set a new value for the context variable in the current context."},
    {.signature = "reset(self, token, /)", .fn = variable_reset, .doc = "Reset the context variable."},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative},
    {.signature = "__repr__(self, /)", .step = variable_repr_step, .locals = 1},
};
const AttributeDef kVariableAttributes[] = {{"name", variable_name}};
const NativeDef kTokenMethods[] = {
    {.signature = "__new__(cls, /, *args, **kwargs)", .fn = token_new, .flags = kStaticNative},
    {.signature = kClassGetitem, .fn = generic_alias, .flags = kClassNative},
    {.signature = "__repr__(self, /)", .step = token_repr_step},
};
const AttributeDef kTokenAttributes[] = {{"var", token_variable}, {"old_value", token_old_value}};
const NativeDef kContextMethods[] = {
    {.signature = "__new__(cls, /)", .fn = context_new, .flags = kStaticNative},
    {.signature = "run(self, /, *args, **kwargs)", .step = context_run_step, .locals = 2},
    {.signature = "copy(self, /)", .fn = context_copy, .doc = "Return a shallow copy of the context object."},
    {.signature = "get(self, key, default=None, /)", .fn = context_get},
    {.signature = "keys(self, /)", .fn = context_keys},
    {.signature = "values(self, /)", .fn = context_values},
    {.signature = "items(self, /)", .fn = context_items},
    {.signature = "__getitem__(self, key, /)", .fn = context_getitem},
    {.signature = "__contains__(self, key, /)", .fn = context_contains},
    {.signature = "__len__(self, /)", .fn = context_len},
    {.signature = "__iter__(self, /)", .fn = context_keys},
    {.signature = "__eq__(self, other, /)", .fn = context_eq},
    {.signature = "__repr__(self, /)", .fn = object_repr_native},
};

Outcome copy_context(VM& vm, Value*) { return Value::object(context_of(vm, context_snapshot(vm))); }

const NativeDef kFunctions[] = {
    {.signature = "copy_context()", .fn = copy_context},
};

void init(VM& vm, Module* m) {
    define_type(vm,
                {.shape = kShapeContextVar, .methods = kVariableMethods, .attributes = kVariableAttributes});
    define_type(vm, {.shape = kShapeContextToken, .methods = kTokenMethods, .attributes = kTokenAttributes});
    define_type(vm, {.shape = kShapeContext, .methods = kContextMethods});
    auto* missing = vm.heap.make<Instance>(Kind::Instance, kShapeObject);
    set_type_attribute(vm, kShapeContextToken, "MISSING", Value::object(missing));
    set_type_attribute(vm, kShapeContext, "__hash__", Value::none());
    for (BuiltinShape s : {kShapeContextVar, kShapeContextToken, kShapeContext}) {
        vm.type(s)->module = vm.str("_contextvars");
        vm.type(s)->class_flags |= Class::kFinal;
        vm.set(m->dict, vm.class_name(vm.type(s)), Value::object(vm.type(s)));
    }
    vm.set(m->dict, "__all__",
           vm.tuple({vm.str("Context"), vm.str("ContextVar"), vm.str("Token"), vm.str("copy_context")}));
}

}  // namespace

Context* context_of(VM& vm, Value snapshot) {
    auto* c = vm.heap.make<Context>(Kind::Record, kShapeContext);
    c->table = snapshot;
    c->aux = Context::kShared;
    for (Value& r : c->rest) r = Value::unbound();
    return c;
}

Context* current_context(VM& vm) {
    Value& context = vm.fiber->context;
    if (!is_context(context)) {
        context = Value::object(context_of(vm, context));
        context.as<Context>()->state |= Context::kEntered;
    }
    return context.as<Context>();
}

Value context_snapshot(VM& vm) {
    Value context = vm.fiber->context;
    if (!is_context(context)) return context;
    auto* c = context.as<Context>();
    if (c->table.is_object()) c->aux |= Context::kShared;
    return c->table;
}

bool enter_context(VM& vm, Value context) {
    if (is_context(context)) {
        auto* c = context.as<Context>();
        if (c->state & Context::kEntered) return false;
        c->state |= Context::kEntered;
    }
    // Whoever calls call_soon() may have given anything; what is neither a context nor a snapshot holds no variables.
    vm.fiber->context = is_context(context) || is_exact(context, kShapeDict) ? context : Value::none();
    return true;
}

Value leave_context(VM& vm, Value previous) {
    Value left = vm.fiber->context;
    if (is_context(left)) left.as<Context>()->state &= uint8_t(~Context::kEntered);
    vm.fiber->context = previous;
    return left;
}

Outcome raise_entered(VM& vm, Value context) {
    return raise_with_repr(vm, kShapeRuntimeError, "cannot enter context: %R is already entered", context);
}

const ModuleDef kContextvarsModule = {.name = "contextvars",
                                      .functions = kFunctions,
                                      .init = init,
                                      .doc = "Variables whose values belong to a thread or task."};

}  // namespace gen
