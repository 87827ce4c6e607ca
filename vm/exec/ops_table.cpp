// Dicts and sets with keys of any kind.
//
// As long as hashing and comparing need no script code, an operation is done at once. Else the step native `lookup` takes
// over: it keeps the state of the search in the frame, awaits each comparison, and starts the search again when the table
// has changed meanwhile.
#include "vm/exec/comparison.h"
#include "vm/exec/ops.h"
#include "vm/exec/step.h"
#include "vm/exec/tables.h"

namespace gen {

enum TableOperation : int64_t {
    kGetValue,
    kSetValue,
    kDeleteKey,
    kAddKey,
    kTestKey,
    kDiscardKey,
    kSetDefault
};

// The place where the search ended.
struct Place {
    bool found;
    uint32_t entry;
    uint64_t hash;
};

static Find find(Value table, Value key, uint64_t hash, Probe& p) {
    return is_dict(table) ? dict_find(table.as<Dict>(), key, hash, p)
                          : set_find(table.as<Set>(), key, hash, p);
}
static Find find_on(Value table, Value key, Probe& p, bool same) {
    if (is_dict(table))
        return same ? probe_confirm(table.as<Dict>(), key, p) : probe_next(table.as<Dict>(), key, p);
    return same ? probe_confirm(table.as<Set>(), key, p) : probe_next(table.as<Set>(), key, p);
}
static Value candidate(Value table, const Probe& p) {
    return is_dict(table) ? probe_key(table.as<Dict>(), p) : probe_key(table.as<Set>(), p);
}

static Outcome conclude(VM& vm, Value table, Value key, Value value, TableOperation operation, Place at) {
    Heap& heap = vm.heap;
    Dict* d = is_dict(table) ? table.as<Dict>() : nullptr;
    Set* s = d ? nullptr : table.as<Set>();
    switch (operation) {
        case kGetValue:
            return at.found ? Outcome(d->table->entries[at.entry].value) : Outcome::stop();
        case kSetValue:
            if (at.found)
                dict_store(heap, d, at.entry, value);
            else if (!dict_insert_new(heap, d, key, at.hash, value))
                return vm.no_room();
            return Value::none();
        case kDeleteKey: {
            if (!at.found) return Outcome::stop();
            Value removed = d->table->entries[at.entry].value;
            dict_delete_at(heap, d, at.entry);
            return removed;
        }
        case kSetDefault:
            if (at.found) return d->table->entries[at.entry].value;
            return dict_insert_new(heap, d, key, at.hash, value) ? Outcome(value) : vm.no_room();
        case kAddKey:
            if (at.found) return Value::false_();
            return set_insert_new(heap, s, key, at.hash) ? Outcome(Value::true_()) : vm.no_room();
        case kTestKey:
            return Value::boolean(at.found);
        case kDiscardKey:
            if (at.found) set_delete_at(heap, s, at.entry);
            return Value::boolean(at.found);
    }
    return Outcome::raised();
}

// __hash__ and __eq__ that are functions of the script are called from here, without the frames of op_hash and op_equal.
static bool has_script_hash(VM& vm, Value key) {
    Value method = vm.special(key, Special::Hash);
    return method.is_object() && method.as_object()->kind == Kind::Function;
}

static Outcome lookup_step(
    VM& vm, NativeFrame& frame) {  // table, key, value, operation; 4 Probe in a Blob, 5 candidate
    auto probe = [&]() -> Probe& { return *reinterpret_cast<Probe*>(frame[4].as<Blob>()->data); };
    Find f;
    Value equal;
    switch (frame.step_state()) {
        case 0:
            if (has_script_hash(vm, frame[1])) {
                AWAIT(1, vm.call(vm.special(frame[1], Special::Hash), {frame[1]}));
                if (!is_int_like(frame.result()))
                    return vm.type_error("__hash__ method should return an integer");
            } else {
                AWAIT(2, op_hash(vm, frame[1]));
            }
            frame[4] = Value::object(make_blob(vm.heap, sizeof(Probe)));
            new (frame[4].as<Blob>()->data) Probe;
            f = find(frame[0], frame[1], hash_of_int(frame.result()), probe());
            while (f == Find::Ask) {
                frame[5] = candidate(frame[0], probe());
                equal = direct_comparison(vm, CompareOp::Eq, frame[5], frame[1]);
                if (equal.is_unbound()) {
                    AWAIT(3, op_equal(vm, frame[5], frame[1]));
                } else {
                    AWAIT(4, vm.call(equal, {frame[5], frame[1]}));
                    if (frame.result().is_not_implemented()) {
                        AWAIT(5, compare_otherwise(vm, CompareOp::Eq, frame[5], frame[1]));
                    }
                    if (!frame.result().is_bool()) {
                        AWAIT(6, op_truth(vm, frame.result()));
                    }
                }
                f = find_on(frame[0], frame[1], probe(), frame.result().is_true());
            }
            return conclude(vm, frame[0], frame[1], frame[2], TableOperation(frame[3].as_int()),
                            {f == Find::Found, probe().entry, probe().hash});
    }
    return Outcome::raised();
}
static const NativeDef kLookup = {
    .signature = "lookup(table, key, value, operation, /)", .step = lookup_step, .locals = 2};

// The long way. Those that answer stop() for an absent key do so from a frame of their own.
static Outcome request(VM& vm, Value table, Value key, Value value, TableOperation operation) {
    Outcome o = call_internal(vm, kLookup, {table, key, value, Value::integer(operation)});
    if (operation == kGetValue || operation == kDeleteKey) vm.request.stops = Request::Stops::Answers;
    return o;
}

static Outcome run(VM& vm, Value table, Value key, Value value, TableOperation operation) {
    uint64_t hash;
    if (!fast_hash(vm.hash_key, key, hash)) {
        if (has_script_hash(vm, key)) return request(vm, table, key, value, operation);
        Outcome o = op_hash(vm, key);
        if (o.is_raised()) return o;
        if (!o.is_value()) return request(vm, table, key, value, operation);
        hash = hash_of_int(o.value());
    }
    Probe p;
    Find f = find(table, key, hash, p);
    while (f == Find::Ask) {
        Outcome o = op_equal(vm, candidate(table, p), key);
        if (o.is_raised()) return o;
        if (!o.is_value()) return request(vm, table, key, value, operation);
        f = find_on(table, key, p, o.value().is_true());
    }
    return conclude(vm, table, key, value, operation, {f == Find::Found, p.entry, hash});
}

// The forms that are used most try the short search first.
Outcome op_dict_get(VM& vm, Dict* d, Value key) {
    uint64_t hash;
    uint32_t entry;
    if (fast_hash(vm.hash_key, key, hash)) {
        Find f = table_find_quick(d->table, key, hash, entry);
        if (f != Find::Ask)
            return f == Find::Found ? Outcome(d->table->entries[entry].value) : Outcome::stop();
    }
    return run(vm, Value::object(d), key, Value::none(), kGetValue);
}
Outcome op_dict_set(VM& vm, Dict* d, Value key, Value v) {
    uint64_t hash;
    if (fast_hash(vm.hash_key, key, hash)) {
        Put put = dict_put(vm.heap, d, key, hash, v);
        if (put != Put::Ask) return put == Put::NoMemory ? vm.no_room() : Outcome(Value::none());
    }
    return run(vm, Value::object(d), key, v, kSetValue);
}
Outcome op_dict_del(VM& vm, Dict* d, Value key) {
    return run(vm, Value::object(d), key, Value::none(), kDeleteKey);
}
Outcome op_dict_setdefault(VM& vm, Dict* d, Value key, Value value) {
    return run(vm, Value::object(d), key, value, kSetDefault);
}
Outcome op_set_add(VM& vm, Set* s, Value item) {
    uint64_t hash;
    if (fast_hash(vm.hash_key, item, hash)) {
        Put put = set_put(vm.heap, s, item, hash);
        if (put != Put::Ask)
            return put == Put::NoMemory ? vm.no_room() : Outcome(Value::boolean(put == Put::Added));
    }
    return run(vm, Value::object(s), item, Value::none(), kAddKey);
}
Outcome op_set_contains(VM& vm, Set* s, Value item) {
    uint64_t hash;
    uint32_t entry;
    if (fast_hash(vm.hash_key, item, hash)) {
        Find f = table_find_quick(s->table, item, hash, entry);
        if (f != Find::Ask) return Value::boolean(f == Find::Found);
    }
    return run(vm, Value::object(s), item, Value::none(), kTestKey);
}
Outcome op_set_discard(VM& vm, Set* s, Value item) {
    return run(vm, Value::object(s), item, Value::none(), kDiscardKey);
}

}  // namespace gen
